package speed

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"filmpress/internal/store/storetest/s3server"
)

// contender is a program that does the work: how it is called for a folder and a prefix of the bucket.
type contender struct {
	name string
	args func(folder, prefix string) []string
	env  []string
}

// cost is what a run took.
type cost struct {
	cpu, wall time.Duration // of the client; the server is another process
	memory    int64         // bytes, the peak of what was resident (VmHWM)
}

// bench is one benchmark under way.
type bench struct {
	t      *testing.T
	server s3server.Server
	env    []string
	home   string
	rounds int
	rows   []string
}

// TestSpeed prints the table of docs/benchmarks.md. FILMPRESS_TEST_BENCH=1 asks for it; FILMPRESS_TEST_BENCH_ROUNDS is how many times each figure
// is taken (5), FILMPRESS_TEST_BINARY the program, built here where it is not given.
func TestSpeed(t *testing.T) {
	if os.Getenv("FILMPRESS_TEST_BENCH") == "" {
		t.Skip("skipped: it takes some minutes; FILMPRESS_TEST_BENCH=1 asks for it")
	}
	b := &bench{t: t, server: s3server.Alone(t), rounds: number("FILMPRESS_TEST_BENCH_ROUNDS", 5)}
	b.home = t.TempDir()
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "AWS_") && !strings.HasPrefix(v, "XDG_") && !strings.HasPrefix(v, "RCLONE_") && !strings.HasPrefix(v, "HOME=") {
			b.env = append(b.env, v)
		}
	}
	b.env = append(append(b.env, b.server.Env()...), "HOME="+b.home, "RCLONE_CONFIG=/dev/null",
		"RCLONE_CONFIG_T_TYPE=s3", "RCLONE_CONFIG_T_PROVIDER=Other", "RCLONE_CONFIG_T_ENV_AUTH=true", "RCLONE_CONFIG_T_REGION=us-east-1",
		"RCLONE_CONFIG_T_FORCE_PATH_STYLE=true", "RCLONE_CONFIG_T_ENDPOINT="+b.server.Endpoint)
	loop, listing, sync, clones := b.contenders()
	began := load()

	t.Run("small", func(t *testing.T) {
		folder := b.files(t, "small", 5000, func(i int) int { return 4<<10 + i*200704/5000 }) // 4 to 200 KiB
		b.compare(t, "put 5,000 files of 4-200 KiB", folder, true, append([]contender{loop, sync}, clones...)...)
		b.compare(t, "no-op sync of 5,000", folder, false, append([]contender{listing, sync}, clones...)...)
	})
	t.Run("big", func(t *testing.T) {
		folder := b.files(t, "big", 1, func(int) int { return 1 << 30 })
		b.compare(t, "put 1 GiB", folder, true, append([]contender{loop, sync}, clones...)...)
	})
	t.Run("many", func(t *testing.T) {
		b.rounds = 1
		for _, n := range []int{20_000, number("FILMPRESS_TEST_BENCH_MANY", 100_000)} {
			folder := b.files(t, "many", n, func(int) int { return 1 << 10 })
			b.compare(t, fmt.Sprintf("put %d files of 1 KiB", n), folder, true, sync)
			b.compare(t, fmt.Sprintf("no-op sync of %d", n), folder, false, listing, sync)
		}
	})
	fmt.Printf("\n%s, %s, %d cores, %s; %s; load %s at the beginning, %s at the end\n\n", time.Now().Format(time.DateOnly), processor(), runtime.NumCPU(), runtime.Version(),
		b.versions(), began, load())
	fmt.Print("| what | client | CPU, s | of the first | wall, s | peak memory, MB |\n|-|-|-|-|-|-|\n", strings.Join(b.rows, ""))
}

// contenders are the loop and the list written here, filmpress, and the programs of others that are installed.
func (b *bench) contenders() (loop, listing, sync contender, others []contender) {
	self, err := os.Executable()
	if err != nil {
		b.t.Fatal(err)
	}
	filmpress := os.Getenv("FILMPRESS_TEST_BINARY")
	if filmpress == "" {
		filmpress = filepath.Join(b.t.TempDir(), "filmpress")
		if out, err := exec.Command("go", "build", "-o", filmpress, "filmpress/cmd/filmpress").CombinedOutput(); err != nil {
			b.t.Fatalf("%v\n%s", err, out)
		}
	}
	loop = contender{"plain SDK loop, 32 workers", func(f, p string) []string { return []string{self, f, p} }, []string{"FILMPRESS_TEST_SPEED=loop"}}
	listing = contender{"LIST only", func(_, p string) []string { return []string{self, p} }, []string{"FILMPRESS_TEST_SPEED=list"}}
	sync = contender{"filmpress sync", func(f, p string) []string { return []string{filmpress, "sync", f, "s3://" + bucket + "/" + p} }, nil}
	for _, o := range []contender{
		{"rclone sync", func(f, p string) []string { return []string{"rclone", "sync", f, "t:" + bucket + "/" + p} }, nil},
		{"rclone sync --transfers 32", func(f, p string) []string {
			return []string{"rclone", "sync", "--transfers", "32", "--checkers", "32", f, "t:" + bucket + "/" + p}
		}, nil},
		{"s5cmd sync", func(f, p string) []string {
			return []string{"s5cmd", "--endpoint-url", b.server.Endpoint, "sync", f + "/", "s3://" + bucket + "/" + p + "/"}
		}, nil},
	} {
		if _, err := exec.LookPath(o.args("", "")[0]); err == nil {
			others = append(others, o)
		}
	}
	return loop, listing, sync, others
}

// compare runs all contenders in turns, so that what else the machine does hits all of them alike. Each has a prefix of its own, new
// for each round where fresh is set; otherwise the one that its last round of putting left full.
func (b *bench) compare(t *testing.T, what, folder string, fresh bool, all ...contender) {
	costs := make([][]cost, len(all))
	for round := range b.rounds {
		for i, c := range all {
			prefix := strings.ReplaceAll(filepath.Base(folder)+" "+c.name, " ", "-")
			if c.name == "LIST only" {
				prefix = strings.ReplaceAll(filepath.Base(folder)+" filmpress sync", " ", "-")
			}
			if fresh {
				for _, old := range []string{filepath.Join(b.server.Dir, prefix), b.cache(prefix)} {
					if err := os.RemoveAll(old); err != nil {
						t.Fatal(err)
					}
				}
			}
			costs[i] = append(costs[i], b.run(t, c, folder, prefix))
			t.Logf("%s, round %d, %s: %+v", what, round+1, c.name, costs[i][round])
		}
	}
	var first cost
	for i, c := range all {
		m := median(costs[i])
		if i == 0 {
			first = m
		}
		b.rows = append(b.rows, fmt.Sprintf("| %s | %s | %.2f | %.2f | %.2f | %.0f |\n", what, c.name, m.cpu.Seconds(), m.cpu.Seconds()/first.cpu.Seconds(),
			m.wall.Seconds(), float64(m.memory)/1e6))
	}
	if fresh { // all of it arrived
		want := count(t, folder)
		for _, c := range all {
			prefix := strings.ReplaceAll(filepath.Base(folder)+" "+c.name, " ", "-")
			if got := count(t, filepath.Join(b.server.Dir, prefix)); got != want {
				t.Errorf("%s: %s stored %d of %d files", what, c.name, got, want)
			}
		}
	}
}

// cache is where a contender remembers what it read; a fresh round knows nothing.
func (b *bench) cache(prefix string) string { return filepath.Join(b.home, prefix) }

func (b *bench) run(t *testing.T, c contender, folder, prefix string) cost {
	args := c.args(folder, prefix)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(append(slices.Clone(b.env), c.env...), "XDG_CACHE_HOME="+b.cache(prefix))
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	peak := make(chan int64)
	go func() { // the record of a process that ended is gone, so it is read all the while
		most := int64(0)
		for {
			most = max(most, highWater(cmd.Process.Pid))
			select {
			case <-ended:
				peak <- most
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	err := cmd.Wait()
	wall := time.Since(began)
	close(ended)
	if err != nil {
		t.Fatalf("%q: %v\n%s", args, err, output.String())
	}
	return cost{cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), wall, <-peak}
}

// highWater is VmHWM of a process, in bytes; 0 where it is gone.
func highWater(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	fields := strings.Fields(after)
	if len(fields) == 0 {
		return 0
	}
	kib, _ := strconv.ParseInt(fields[0], 10, 64)
	return kib << 10
}

// median is that of each figure by itself.
func median(costs []cost) cost {
	middle := func(of func(cost) int64) int64 {
		slices.SortFunc(costs, func(a, b cost) int { return cmp.Compare(of(a), of(b)) })
		return of(costs[len(costs)/2])
	}
	return cost{
		time.Duration(middle(func(c cost) int64 { return int64(c.cpu) })),
		time.Duration(middle(func(c cost) int64 { return int64(c.wall) })),
		middle(func(c cost) int64 { return c.memory }),
	}
}

// files makes a folder of n files of noise, laid out as renditions are. They are an hour old: what was written a moment ago may be
// written again within one tick of the file system's clock, so nobody should trust it.
func (b *bench) files(t *testing.T, name string, n int, size func(i int) int) string {
	folder := filepath.Join(t.TempDir(), name)
	noise := rand.NewChaCha8([32]byte{1})
	old := time.Now().Add(-time.Hour)
	for i := range n {
		path := filepath.Join(folder, fmt.Sprintf("film-%d/v%d/%05d.m4s", i/5000, i%4, i))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		block := make([]byte, 1<<20)
		for left := size(i); left > 0; left -= len(block) {
			block = block[:min(left, len(block))]
			noise.Read(block)
			if _, err := f.Write(block); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func count(t *testing.T, folder string) (n int) {
	err := filepath.WalkDir(folder, func(_ string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// versions names the programs of others.
func (b *bench) versions() string {
	all := []string{"versitygw v1.8.0"}
	for _, program := range [][]string{{"rclone", "version"}, {"s5cmd", "version"}} {
		if out, err := exec.Command(program[0], program[1:]...).Output(); err == nil {
			first, _, _ := strings.Cut(string(out), "\n")
			all = append(all, first)
		}
	}
	return strings.Join(all, ", ")
}

func load() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Fields(string(b))[0]
}

func processor() string {
	b, _ := os.ReadFile("/proc/cpuinfo")
	_, after, _ := strings.Cut(string(b), "model name")
	name, _, _ := strings.Cut(strings.TrimLeft(after, "\t :"), "\n")
	return cmp.Or(name, runtime.GOARCH)
}

func number(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil && n > 0 {
		return n
	}
	return otherwise
}
