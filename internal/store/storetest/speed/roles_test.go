// Package speed measures filmpress against what the same work costs at least, and against other programs: make bench-storage.
package speed

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"net/http"
)

const (
	bucket  = "films"
	workers = 32
	part    = 16 << 20
)

// TestMain plays the contenders that are written for the benchmark, each as a process of its own: "loop FOLDER PREFIX" is the least
// that puts a folder's files by the SDK, "list PREFIX" the least that can find out that there is nothing to do.
func TestMain(m *testing.M) {
	role := os.Getenv("FILMPRESS_TEST_SPEED")
	if role == "" {
		os.Exit(m.Run())
	}
	if err := play(context.Background(), role, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func play(ctx context.Context, role string, args []string) error {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithHTTPClient(awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConns, t.MaxIdleConnsPerHost = 2*workers, 2*workers
	})))
	if err != nil {
		return err
	}
	client := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
	if role == "list" {
		return list(ctx, client, args[0])
	}
	return loop(ctx, client, args[0], args[1])
}

func list(ctx context.Context, client *s3.Client, prefix string) error {
	n := 0
	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: aws.String(bucket), Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		n += len(page.Contents)
	}
	fmt.Println(n)
	return nil
}

func loop(ctx context.Context, client *s3.Client, folder, prefix string) error {
	work := make(chan string)
	group, ctx := errgroup.WithContext(ctx)
	for range workers {
		group.Go(func() error {
			for path := range work {
				if err := put(ctx, client, folder, prefix, path); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		select {
		case work <- path:
		case <-ctx.Done():
		}
		return ctx.Err()
	})
	close(work)
	return firstError(group.Wait(), err)
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func put(ctx context.Context, client *s3.Client, folder, prefix, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	key := aws.String(prefix + "/" + strings.TrimPrefix(filepath.ToSlash(path[len(folder):]), "/"))
	if info.Size() <= part {
		_, err = client.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String(bucket), Key: key, Body: f, ContentType: aws.String("video/iso.segment")})
		return err
	}
	return large(ctx, client, f, info.Size(), key)
}

// large sends a file in parts, four at once, with nothing of it in memory.
func large(ctx context.Context, client *s3.Client, f *os.File, size int64, key *string) error {
	up, err := client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: aws.String(bucket), Key: key, ChecksumAlgorithm: types.ChecksumAlgorithmCrc32})
	if err != nil {
		return err
	}
	done := make([]types.CompletedPart, (size+part-1)/part)
	var mu sync.Mutex
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(4)
	for i := range done {
		group.Go(func() error {
			off := int64(i) * part
			number := aws.Int32(int32(i + 1))
			out, err := client.UploadPart(gctx, &s3.UploadPartInput{Bucket: aws.String(bucket), Key: key, UploadId: up.UploadId, PartNumber: number,
				Body: io.NewSectionReader(f, off, min(part, size-off))})
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			done[i] = types.CompletedPart{ETag: out.ETag, PartNumber: number, ChecksumCRC32: out.ChecksumCRC32}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	_, err = client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: aws.String(bucket), Key: key, UploadId: up.UploadId,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: done}})
	return err
}
