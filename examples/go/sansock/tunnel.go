package sansock

// #include <sansock.h>
import "C"

// TunnelConfig is the configuration of tunnels: a proxy, and where to lead through it.
type TunnelConfig struct{ handle *C.sansock_tunnel_config }

// NewTunnelConfig creates the configuration of a tunnel through the proxy at a URL, to a host and port.
func NewTunnelConfig(proxy, host string, port uint16) (*TunnelConfig, error) {
	c := new(TunnelConfig)
	p, proxyLen := chars(proxy)
	h, hostLen := chars(host)
	return c, check(C.sansock_tunnel_config_new(p, proxyLen, h, hostLen, C.uint16_t(port), &c.handle))
}

// Free frees it. Tunnels made from it are not affected.
func (c *TunnelConfig) Free() {
	C.sansock_tunnel_config_free(c.handle)
	c.handle = nil
}

// Set sets an option of a tunnel.
func (c *TunnelConfig) Set(option Option, value uint64) error {
	return check(C.sansock_tunnel_config_set(c.handle, C.uint32_t(option), C.uint64_t(value)))
}

// AddHeader adds a header to the request to an HTTP proxy.
func (c *TunnelConfig) AddHeader(name, value string) error {
	n, nameLen := chars(name)
	v, valueLen := chars(value)
	return check(C.sansock_tunnel_config_add_header(c.handle, n, nameLen, v, valueLen))
}

// Tunnel is one tunnel through a proxy. Drive it as a connection, until an open or a closed.
type Tunnel struct {
	Block
	handle *C.sansock_tunnel
}

// NewTunnel creates a tunnel. Its first message to the proxy is in the output at once.
func (c *TunnelConfig) NewTunnel(now uint64) (*Tunnel, error) {
	t := new(Tunnel)
	if err := check(C.sansock_tunnel_new(c.handle, C.uint64_t(now), &t.handle)); err != nil {
		return nil, err
	}
	t.block = C.sansock_tunnel_block(t.handle)
	return t, nil
}

// Free frees it.
func (t *Tunnel) Free() {
	C.sansock_tunnel_free(t.handle)
	*t = Tunnel{}
}

// Receive receives bytes that were read from the proxy. What is not consumed is for the layer behind the tunnel.
func (t *Tunnel) Receive(data []byte, now uint64) (consumed int, err error) {
	d, size := bytes(data)
	if err := check(C.sansock_tunnel_receive(t.handle, d, size, C.uint64_t(now))); err != nil {
		return 0, err
	}
	return int(t.block.consumed), nil
}

// ReceiveEOF reports that the proxy has ended its stream. Replaces the events.
func (t *Tunnel) ReceiveEOF(now uint64) error {
	return check(C.sansock_tunnel_receive_eof(t.handle, C.uint64_t(now)))
}

// Timeout acts on the deadline, if it has passed. Replaces the events.
func (t *Tunnel) Timeout(now uint64) error {
	return check(C.sansock_tunnel_timeout(t.handle, C.uint64_t(now)))
}

// Written reports that the first n bytes of the output were written.
func (t *Tunnel) Written(n int) error { return check(C.sansock_tunnel_written(t.handle, C.size_t(n))) }
