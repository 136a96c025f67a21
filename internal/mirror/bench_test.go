package mirror_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"filmpress/internal/mirror"
	"filmpress/internal/report"
	"filmpress/internal/store/s3"
	"filmpress/internal/store/storetest"
	"filmpress/internal/store/storetest/s3server"
)

// cpu is what this process has used of the processors; the server is another one.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func measure(b *testing.B, do func(i int)) {
	runtime.GC()
	before, i := cpu(), 0
	for b.Loop() {
		do(i)
		i++
	}
	b.ReportMetric(float64((cpu()-before).Milliseconds())/float64(b.N), "cpu-ms/op")
}

// smallFiles makes files of 4 to 200 KiB.
func smallFiles(b *testing.B, n int) (place mirror.Place, names []string) {
	b.Helper()
	path := b.TempDir()
	noise := storetest.Noise(1, 1<<20)
	for i := range n {
		name := fmt.Sprintf("film-%02d/v%d/%05d.m4s", i/500, i%4, i)
		size := 4<<10 + i*7919%(196<<10)
		write(b, path, name, fmt.Sprint(i)+string(noise[i%1000:i%1000+size]))
		names = append(names, name)
	}
	return folderAt(b, path), names
}

const benchFiles = 5000

// BenchmarkSmall holds a sync of 5,000 small files, and one that has nothing to do, against the least that does the same.
func BenchmarkSmall(b *testing.B) {
	server := s3server.Start(b)
	src, names := smallFiles(b, benchFiles)
	b.Run("plain loop", func(b *testing.B) {
		measure(b, func(i int) { plainLoop(b, server, src.Folder, fmt.Sprint("plain", i), names) })
	})
	b.Run("sync", func(b *testing.B) {
		measure(b, func(i int) {
			o := mirror.Options{Cache: b.TempDir()}
			run(b, src, bucket(b, server, fmt.Sprint("sync", i)), o, len(names))
		})
	})
	o := mirror.Options{Cache: b.TempDir()}
	dst := bucket(b, server, "again")
	run(b, src, dst, o, len(names))
	run(b, src, dst, o, 0)
	b.Run("plain list", func(b *testing.B) {
		client := server.Client()
		measure(b, func(int) {
			pages := sdk.NewListObjectsV2Paginator(client, &sdk.ListObjectsV2Input{Bucket: &server.Bucket, Prefix: aws.String("again/")})
			n := 0
			for pages.HasMorePages() {
				page, err := pages.NextPage(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				n += len(page.Contents)
			}
			if n != len(names) {
				b.Fatal(n)
			}
		})
	})
	b.Run("nothing to do", func(b *testing.B) { measure(b, func(int) { run(b, src, dst, o, 0) }) })
	b.Run("nothing to do, no cache", func(b *testing.B) {
		measure(b, func(int) { run(b, src, dst, mirror.Options{}, 0) })
	})
	b.Run("get", func(b *testing.B) {
		measure(b, func(int) { run(b, dst, folderAt(b, b.TempDir()), mirror.Options{Cache: b.TempDir()}, len(names)) })
	})
	b.Run("server copy", func(b *testing.B) {
		measure(b, func(i int) {
			run(b, dst, bucket(b, server, fmt.Sprint("copy", i)), mirror.Options{Cache: b.TempDir()}, len(names))
		})
	})
}

func run(b *testing.B, src, dst mirror.Place, o mirror.Options, copied int) {
	b.Helper()
	r, err := mirror.Run(b.Context(), src, dst, o, report.Discard)
	if err != nil || r.Copied != copied {
		b.Fatalf("%+v, %v", r, err)
	}
}

// plainLoop is the SDK with its defaults and 32 workers.
func plainLoop(b *testing.B, server s3server.Server, folder, prefix string, names []string) {
	client := server.Client()
	work := make(chan string)
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			for name := range work {
				content, err := os.ReadFile(filepath.Join(folder, name))
				if err == nil {
					_, err = client.PutObject(context.Background(), &sdk.PutObjectInput{Bucket: &server.Bucket, Key: aws.String(prefix + "/" + name),
						Body: bytes.NewReader(content), ContentType: aws.String("video/iso.segment")})
				}
				if err != nil {
					b.Error(err)
				}
			}
		})
	}
	for _, name := range names {
		work <- name
	}
	close(work)
	all.Wait()
}

// BenchmarkLarge sends one file of a GiB.
func BenchmarkLarge(b *testing.B) {
	server := s3server.Start(b)
	path := b.TempDir()
	f, err := os.Create(filepath.Join(path, "film.mp4"))
	if err != nil {
		b.Fatal(err)
	}
	for i := range 256 {
		f.Write(storetest.Noise(uint64(i), 4<<20))
	}
	f.Close()
	src := folderAt(b, path)
	b.Run("plain parts", func(b *testing.B) {
		measure(b, func(int) { plainParts(b, server, filepath.Join(path, "film.mp4")) })
	})
	b.Run("sync", func(b *testing.B) {
		measure(b, func(i int) {
			run(b, src, bucket(b, server, fmt.Sprint("large", i)), mirror.Options{Cache: b.TempDir()}, 1)
		})
	})
	b.Run("sync, remembered", func(b *testing.B) {
		measure(b, func(i int) {
			dst := bucket(b, server, fmt.Sprint("noted", i), func(o *s3.Options) { o.Uploads = b.TempDir() })
			run(b, src, dst, mirror.Options{Cache: b.TempDir()}, 1)
		})
	})
}

// plainParts is the SDK with its defaults and 8 parts of 16 MiB at once.
func plainParts(b *testing.B, server s3server.Server, path string) {
	client, ctx := server.Client(), b.Context()
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		b.Fatal(err)
	}
	key := aws.String("plain.mp4")
	up, err := client.CreateMultipartUpload(ctx, &sdk.CreateMultipartUploadInput{Bucket: &server.Bucket, Key: key, ChecksumAlgorithm: "CRC32"})
	if err != nil {
		b.Fatal(err)
	}
	const size = 16 << 20
	parts := make([]types.CompletedPart, (info.Size()+size-1)/size)
	turns := make(chan int)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range turns {
				out, err := client.UploadPart(ctx, &sdk.UploadPartInput{Bucket: &server.Bucket, Key: key, UploadId: up.UploadId, PartNumber: aws.Int32(int32(i + 1)),
					ChecksumAlgorithm: "CRC32", Body: io.NewSectionReader(f, int64(i)*size, min(size, info.Size()-int64(i)*size))})
				if err != nil {
					b.Error(err)
					continue
				}
				parts[i] = types.CompletedPart{ETag: out.ETag, ChecksumCRC32: out.ChecksumCRC32, PartNumber: aws.Int32(int32(i + 1))}
			}
		})
	}
	for i := range parts {
		turns <- i
	}
	close(turns)
	all.Wait()
	if _, err := client.CompleteMultipartUpload(ctx, &sdk.CompleteMultipartUploadInput{Bucket: &server.Bucket, Key: key, UploadId: up.UploadId,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}}); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkMany looks at 100,000 objects on both sides, and at ten times fewer: time must be linear and memory small.
func BenchmarkMany(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		src, dst := storetest.Memory(), storetest.Memory()
		path := b.TempDir()
		for i := range n {
			name := fmt.Sprintf("%03d/%05d.m4s", i/1000, i)
			write(b, path, name, "x")
			storetest.Put(b, src, name, []byte("x"))
			if i%2 == 0 {
				storetest.Put(b, dst, name, []byte("x"))
			}
		}
		b.Run(fmt.Sprint("folder/", n), func(b *testing.B) {
			measure(b, func(int) {
				run(b, folderAt(b, path), mirror.Place{Store: dst}, mirror.Options{DryRun: true, Cache: b.TempDir()}, n/2)
			})
		})
		b.Run(fmt.Sprint("buckets/", n), func(b *testing.B) {
			measure(b, func(int) {
				run(b, mirror.Place{Store: src}, mirror.Place{Store: dst}, mirror.Options{DryRun: true}, n/2)
			})
		})
	}
}
