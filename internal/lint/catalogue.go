package lint

import (
	"errors"
	"fmt"
	"io/fs"

	"filmpress/internal/report"
	"filmpress/internal/subtitle/rules"
)

// Rules are the rules on what lies around subtitle files: paths and settings. They cannot be set to another level.
func Rules() []rules.Rule {
	return []rules.Rule{
		{ID: "file-unreadable", Group: group, Level: rules.Error, Title: "The file or folder can be read", Source: "our own",
			Why: "What could not be read was not checked. A check that passes it over in silence would call an archive clean that nobody looked at.",
			Bad: "filmpress subs check no-such-file.srt", Good: "filmpress subs check film.srt", Mend: "name a file that is there and that this user may read"},
		{ID: "folder-no-subtitles", Group: group, Level: rules.Warn, Title: "A folder that is named has subtitle files in it", Source: "our own",
			Why: "A check of an empty folder proves nothing. Most often the folder is another one than was meant.",
			Bad: "filmpress subs check empty/", Good: "filmpress subs check subtitles/", Mend: "name the folder with the .srt and .vtt files"},
		{ID: "settings-file", Group: group, Level: rules.Error, Title: "The settings file can be understood", Source: "our own",
			Why: "A key that is mistyped would leave its rule as it was, and nobody would notice.",
			Bad: "profil: netflix", Good: "profile: netflix", Mend: "correct the line in " + SettingsName},
	}
}

const group = "Files and settings"

// Unreadable is the finding on a path that could not be read.
func Unreadable(name string, err error) report.Finding {
	f := report.Finding{Pos: report.Pos{File: name}, Severity: report.Error, Rule: "file-unreadable"}
	path, isPath := errors.AsType[*fs.PathError](err)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.Text, f.Hint = "there is no such file or folder", "check the name; in quotes, a pattern such as \"**/*.srt\" is found by filmpress itself"
	case errors.Is(err, fs.ErrPermission):
		f.Text, f.Hint = "this user has no right to read it", "give the right with chmod, or run the check as another user"
	case isPath:
		f.Text, f.Hint = fmt.Sprintf("it cannot be read: %v", path.Err), "check the name and the disk"
	default:
		f.Text, f.Hint = err.Error(), "name a subtitle file, or a folder with subtitle files"
	}
	return f
}
