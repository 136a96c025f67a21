// Package sandbox confines a program to the files that it was given, and to no connection. Films come from strangers'
// cameras and mail boxes; a decoder's bug, or a container that names other files, must not reach the rest of the disk or
// the network.
//
// A thread confines itself (Landlock, and a filter of system calls), starts the program, which inherits that, and ends with it. So it needs no helper on
// the disk and no right of root's, and costs a few system calls. To start this executable once more and let that confine
// itself would cost it its whole start, a tenth of a second for each program.
package sandbox

// Policy is what a program may do.
type Policy struct {
	Read  []string // absolute paths of files that it may read
	Write []string // absolute paths of folders that it may write in
}
