package seal

// syncFolder does nothing: NTFS journals names by itself.
func syncFolder(string) error { return nil }
