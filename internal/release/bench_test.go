package release_test

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"

	"filmpress/internal/release"
	"filmpress/internal/report"
	"filmpress/internal/store"
	"filmpress/internal/store/storetest"
	"filmpress/internal/store/storetest/s3server"
)

const benchObjects = 2000

// cpu is what this process has used of the processors; the server is another one.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// benchFilm is a film of small segments: 4 to 67 KiB.
func benchFilm() release.Set {
	set := film("bench")
	set.Media = nil
	for i := range benchObjects {
		set.Media = append(set.Media, release.FromBytes(fmt.Sprintf("o/aa/v%d/%05d.m4s", i%4, i), storetest.Noise(uint64(i), 4096+i*32)))
	}
	return set
}

// BenchmarkPublish compares a publish of many small objects, and one that has nothing to do, with the least that sends
// them: a loop over PutObject.
func BenchmarkPublish(b *testing.B) {
	set := benchFilm()
	b.Run("plain loop", func(b *testing.B) {
		server := s3server.Start(b)
		measure(b, func() { plainLoop(b, server, set.Media) })
	})
	b.Run("publish", func(b *testing.B) {
		st := bucket(b, s3server.Start(b), "")
		i := 0
		measure(b, func() {
			i++
			set.Slug = fmt.Sprint("film ", i)
			benchPublish(b, st, set, benchObjects)
		})
	})
	b.Run("nothing to do", func(b *testing.B) {
		st := bucket(b, s3server.Start(b), "")
		set.Slug = "film"
		publish(b, st, set)
		measure(b, func() { benchPublish(b, st, set, 0) })
	})
	b.Run("folder", func(b *testing.B) {
		i := 0
		st := folder(b)
		measure(b, func() {
			i++
			set.Slug = fmt.Sprint("film ", i)
			benchPublish(b, st, set, benchObjects)
		})
	})
}

func benchPublish(b *testing.B, st store.Store, set release.Set, least int) {
	b.Helper()
	r, err := release.Publish(b.Context(), st, set, release.Options{}, report.Discard)
	if err != nil || r.Uploaded < least || least == 0 && r.Uploaded > 0 {
		b.Fatalf("%+v, %v", r, err)
	}
}

func measure(b *testing.B, do func()) {
	before := cpu()
	for b.Loop() {
		do()
	}
	b.ReportMetric(float64((cpu()-before).Milliseconds())/float64(b.N), "cpu-ms/op")
}

// plainLoop is the SDK with its defaults and 32 workers.
func plainLoop(b *testing.B, server s3server.Server, files []release.File) {
	client := server.Client()
	work := make(chan release.File)
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			for f := range work {
				var content bytes.Buffer
				r, err := f.Open()
				if err == nil {
					_, err = content.ReadFrom(r)
				}
				if err == nil {
					_, err = client.PutObject(context.Background(), &sdk.PutObjectInput{Bucket: &server.Bucket, Key: aws.String(f.Path),
						Body: bytes.NewReader(content.Bytes()), ContentType: aws.String("video/iso.segment")})
				}
				if err != nil {
					b.Error(err)
				}
			}
		})
	}
	for _, f := range files {
		work <- f
	}
	close(work)
	all.Wait()
}
