package clitest

import (
	"context"
	"path"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/rogpeppe/go-internal/testscript"
)

// Spoil gives an object of $BUCKET another Content-Type, as another tool would: spoil NAME TYPE
func Spoil(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: spoil NAME TYPE")
	}
	endpoint := ts.Getenv("AWS_ENDPOINT_URL")
	client := s3.New(s3.Options{BaseEndpoint: &endpoint, Region: "us-east-1", UsePathStyle: true, Credentials: aws.NewCredentialsCache(
		credentials.NewStaticCredentialsProvider(ts.Getenv("AWS_ACCESS_KEY_ID"), ts.Getenv("AWS_SECRET_ACCESS_KEY"), ""))})
	bucket, prefix, _ := strings.Cut(strings.TrimPrefix(ts.Getenv("BUCKET"), "s3://"), "/")
	key := path.Join(prefix, args[0])
	ctx := context.Background()
	have, err := client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: &key})
	ts.Check(err)
	_, err = client.CopyObject(ctx, &s3.CopyObjectInput{Bucket: &bucket, Key: &key, CopySource: aws.String(bucket + "/" + key),
		MetadataDirective: types.MetadataDirectiveReplace, Metadata: have.Metadata, ContentEncoding: have.ContentEncoding, ContentType: &args[1],
		CacheControl: have.CacheControl})
	ts.Check(err)
}
