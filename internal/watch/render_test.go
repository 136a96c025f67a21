package watch

import "testing"

func render(t *testing.T, p Page) []byte {
	t.Helper()
	out, err := Render(p)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
