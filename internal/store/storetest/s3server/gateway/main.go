// Gateway is the S3 server of the tests: versitygw over a folder, on a loopback address. It ends when its
// standard input does, so that a killed test leaves no server behind.
//
//	gateway ADDRESS FOLDER [temporary]        credentials in ROOT_ACCESS_KEY and ROOT_SECRET_KEY
//
// GUEST_ACCESS_KEY and GUEST_SECRET_KEY are an account that may do what a bucket's policy lets it. With "temporary" it removes the folder when it
// ends, and waits for none of those who ask it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
)

func main() {
	if err := run(os.Args[1], os.Args[2], slices.Contains(os.Args[3:], "temporary")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(address, folder string, temporary bool) error {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go func() {
		io.Copy(io.Discard, os.Stdin)
		if temporary {
			remove(folder)
			os.Exit(0)
		}
		stop()
	}()
	if temporary { // what ends its test, or comes of that, must not end it before the folder is gone
		signal.Ignore(syscall.SIGPIPE, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	}
	backend, err := posix.New(folder, meta.XattrMeta{}, posix.PosixOpts{NewDirPerm: 0o755, CopyObjectThreshold: 5 << 30})
	if err != nil {
		return err
	}
	root := auth.Account{Access: os.Getenv("ROOT_ACCESS_KEY"), Secret: os.Getenv("ROOT_SECRET_KEY"), Role: auth.RoleAdmin}
	guest := auth.Account{Access: os.Getenv("GUEST_ACCESS_KEY"), Secret: os.Getenv("GUEST_SECRET_KEY"), Role: auth.RoleUser}
	return embedgw.RunVersityGW(ctx, backend, &embedgw.Config{
		RootUserAccess:    root.Access,
		RootUserSecret:    root.Secret,
		IAMService:        accounts{root.Access: root, guest.Access: guest},
		Ports:             []string{address},
		MaxConnections:    1 << 16, // the idle ones of hundreds of clients that had their turn count, too
		MaxRequests:       4096,
		MultipartMaxParts: 10000,
		KeepAlive:         true,
		Quiet:             true,
		HealthPath:        "/healthz",
		CORSAllowOrigin:   "*",
	})
}

// remove takes a folder away, also while somebody still writes into it.
func remove(folder string) {
	for range 20 {
		if os.RemoveAll(folder) == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// accounts are those that there are, by access key. Nobody makes or removes one.
type accounts map[string]auth.Account

func (a accounts) GetUserAccount(access string) (auth.Account, error) {
	if account, ok := a[access]; ok && access != "" {
		return account, nil
	}
	return auth.Account{}, auth.ErrNoSuchUser
}

func (a accounts) ResolveAccounts(keys []string) (missing []string, err error) {
	for _, k := range keys {
		if _, ok := a[k]; !ok {
			missing = append(missing, k)
		}
	}
	return missing, nil
}

func (a accounts) ListUserAccounts() ([]auth.Account, error) {
	return slices.Collect(maps.Values(a)), nil
}

func (accounts) CreateAccount(auth.Account) error                  { return errors.ErrUnsupported }
func (accounts) UpdateUserAccount(string, auth.MutableProps) error { return errors.ErrUnsupported }
func (accounts) DeleteUserAccount(string) error                    { return errors.ErrUnsupported }
func (accounts) Shutdown() error                                   { return nil }
