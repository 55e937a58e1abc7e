//go:build unix

package service

import "github.com/kardianos/service"

func (r *runner) run(s service.Service) error { return s.Run() }
