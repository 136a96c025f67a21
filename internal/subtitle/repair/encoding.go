package repair

// toUTF8 makes the file UTF-8: it is decoded already, with certainty (see refuse). A mark is of no use then.
func toUTF8(w *work) int {
	if w.charset == "utf-8" {
		return 0
	}
	w.charset, w.bom = "utf-8", ""
	return 1
}

func dropBOM(w *work) int {
	if w.bom == "" {
		return 0
	}
	w.bom = ""
	return 1
}
