package inventory

import "time"

// Lists is what an agent last read of its machine. A nil list has never
// arrived; ReadAt is when the machine read it, by the controller's clock.
type Lists struct {
	Hardware        *Hardware `json:"hardware,omitempty"`
	HardwareReadAt  time.Time `json:"hardware_read_at,omitzero"`
	Firmware        *Firmware `json:"firmware,omitempty"`
	FirmwareReadAt  time.Time `json:"firmware_read_at,omitzero"`
	OS              *OS       `json:"os,omitempty"`
	OSReadAt        time.Time `json:"os_read_at,omitzero"`
	Software        []Program `json:"software,omitempty"`
	SoftwareUnknown string    `json:"software_unknown,omitempty"` // why it could not be read
	SoftwareReadAt  time.Time `json:"software_read_at,omitzero"`
	Health          *Health   `json:"health,omitempty"`
	HealthReadAt    time.Time `json:"health_read_at,omitzero"`
	Network         *Network  `json:"network,omitempty"`
	NetworkReadAt   time.Time `json:"network_read_at,omitzero"`
}

// ListVersion is one content that a list had.
type ListVersion struct {
	List       string    `json:"list"`
	Hash       string    `json:"hash"`
	Body       []byte    `json:"-"` // the list's JSON
	ReadAt     time.Time `json:"read_at"`
	ReceivedAt time.Time `json:"received_at"`
}
