package seal

import "golang.org/x/sys/windows"

// syncFolder does nothing: NTFS journals names by itself.
func syncFolder(string) error { return nil }

// Full access for the system, the administrators and the owner, inherited by
// everything inside, and nothing from above: ProgramData lets all users read.
const ownersOnly = "D:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;OW)"

// protectFolder puts an access list where Unix has a mode.
func protectFolder(dir string) error {
	descriptor, err := windows.SecurityDescriptorFromString(ownersOnly)
	if err != nil {
		return err
	}
	list, _, err := descriptor.DACL()
	if err != nil {
		return err
	}
	return windows.SetNamedSecurityInfo(dir, windows.SE_FILE_OBJECT,
		windows.DACL_SECURITY_INFORMATION|windows.PROTECTED_DACL_SECURITY_INFORMATION, nil, nil, list, nil)
}
