package campaign

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"filmpress/internal/release"
	"filmpress/internal/store/storetest/s3server"
)

// Objects reads an object as it is kept. One that is not there is fs.ErrNotExist.
type Objects func(name string) ([]byte, error)

// InFolder reads the files of a folder.
func InFolder(folder string) Objects {
	return func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(folder, filepath.FromSlash(name))) }
}

// Of reads the objects of a server's bucket: as the files that they are, or by the server where it is not one of ours.
func Of(s s3server.Server) Objects {
	if s.Dir != "" {
		return InFolder(s.Dir)
	}
	client := s.Client()
	return func(name string) ([]byte, error) {
		out, err := client.GetObject(context.Background(), &s3.GetObjectInput{Bucket: &s.Bucket, Key: &name})
		if _, absent := errors.AsType[*types.NoSuchKey](err); absent {
			return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
		}
		if err != nil {
			return nil, err
		}
		defer out.Body.Close()
		return io.ReadAll(out.Body)
	}
}

// Right compares every object of a film with what was to be published, and so must be the current release.
func Right(kept Objects, set release.Set) error {
	raw, err := kept(set.Slug + "/" + release.PointerName)
	if err != nil {
		return err
	}
	pointer, err := release.ParsePointer(raw)
	if err != nil {
		return err
	}
	entrances, err := set.Entrances(pointer.Release)
	if err != nil {
		return err
	}
	return errors.Join(Whole(kept, set, pointer.Release), compare(kept, set.Slug, entrances))
}

// Whole compares what a release consists of, whether it is the current one or not.
func Whole(kept Objects, set release.Set, id string) error {
	files := append(append([]release.File{}, set.Media...), set.Tracks...)
	for _, f := range set.Pages {
		f.Path = "r/" + id + "/" + f.Path
		files = append(files, f)
	}
	if _, err := kept(set.Slug + "/r/" + id + "/" + release.ManifestName); err != nil {
		return err
	}
	return compare(kept, set.Slug, files)
}

func compare(kept Objects, slug string, files []release.File) error {
	var wrong []error
	for _, f := range files {
		b, err := kept(slug + "/" + f.Path)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		if zipped, err := gzip.NewReader(bytes.NewReader(b)); err == nil {
			if b, err = io.ReadAll(zipped); err != nil {
				wrong = append(wrong, fmt.Errorf("%s: %w", f.Path, err))
			}
		}
		if release.FromBytes("", b).SHA256 != f.SHA256 {
			wrong = append(wrong, fmt.Errorf("%s/%s holds other bytes", slug, f.Path))
		}
	}
	return errors.Join(wrong...)
}
