// The conformance vectors, replayed through the package: each case as it stands, and with every receive cut into bytes.
package sansock_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"sansock.example/go/sansock"
)

// What connections and tunnels have in common.
type engine interface {
	Events() []sansock.Event
	Output() []byte
	Transport() sansock.Transport
	NextDeadline() uint64
	HasMore() bool
	Writable() bool
	Fault() sansock.Fault
	Receive(data []byte, now uint64) (int, error)
	ReceiveEOF(now uint64) error
	Timeout(now uint64) error
	Written(n int) error
	Free()
}

type player struct {
	*vectorCase
	numbers    map[string]uint64
	byteByByte bool
	engine     engine
	conn       *sansock.Conn // nil for a tunnel
	now        uint64
	held       bool
	fields     []sansock.Field
	output     []byte
	transcript string
	shown      map[string]string
}

func TestVectors(t *testing.T) {
	numbers := headerNumbers(t)
	replayed := 0
	for _, c := range readCases(t) {
		for _, byteByByte := range []bool{false, true} {
			if byteByByte && c.has("whole", "") {
				continue
			}
			p := &player{vectorCase: c, numbers: numbers, byteByByte: byteByByte, held: c.has("hold", "")}
			p.shown = map[string]string{"transport": "open", "deadline": "never", "writable": "yes", "fault": ""}
			p.play(t)
			replayed++
		}
	}
	t.Logf("vectors: %d replayed", replayed)
	if replayed == 0 {
		t.Error("nothing was replayed")
	}
}

// The numbers of the header, by their names.
func headerNumbers(t *testing.T) map[string]uint64 {
	header, err := os.ReadFile("../../../include/sansock.h")
	if err != nil {
		t.Fatal(err)
	}
	numbers := map[string]uint64{}
	defined := regexp.MustCompile(`(?m)^#define SANSOCK_(\w+) \(?-?(\d+)\)?$`)
	for _, match := range defined.FindAllStringSubmatch(string(header), -1) {
		numbers[match[1]] = number(match[2], 10)
	}
	return numbers
}

func (p *player) option(name string) sansock.Option {
	value, ok := p.numbers["OPTION_"+strings.ToUpper(name)]
	if !ok {
		panic("no option " + name)
	}
	return sansock.Option(value)
}

func (p *player) play(t *testing.T) {
	defer func() {
		if p.engine != nil {
			p.engine.Free()
		}
	}()
	for _, s := range p.steps {
		p.transcript = ""
		left, err := p.call(s.call, s.rest)
		p.endStep(left, err)
		if p.transcript != s.expected {
			t.Errorf("%s:%d: %s (byte by byte: %v)\n> %s %.160s\nexpected:\n%sfound:\n%s",
				p.file, s.line, p.name, p.byteByByte, s.call, s.rest, s.expected, p.transcript)
			return
		}
		if p.engine == nil {
			return
		}
	}
}

func (p *player) start() error {
	if p.has("role", "tunnel") {
		return p.startTunnel()
	}
	role := sansock.Server
	if p.has("role", "client") {
		role = sansock.Client
	}
	config, err := sansock.NewConfig(role)
	must(err)
	defer config.Free()
	texts := map[string]sansock.Text{
		"url": sansock.URL, "origin": sansock.Origin, "subprotocol": sansock.Subprotocol, "key": sansock.Key,
	}
	for _, setting := range p.settings {
		if text, ok := texts[setting[0]]; ok {
			must(config.SetText(text, bytesOf(setting[1])))
		}
	}
	p.configure(config)
	var seed [32]byte
	for i := range seed {
		seed[i] = byte(i)
	}
	conn, err := config.NewConn(&seed, 0)
	if err == nil {
		p.conn, p.engine = conn, conn
	}
	return err
}

func (p *player) startTunnel() error {
	target := p.all("target")[0]
	host, port := cutAtom(target)
	config, err := sansock.NewTunnelConfig(bytesOf(p.all("url")[0]), host, uint16(number(port, 10)))
	must(err)
	defer config.Free()
	p.configure(config)
	tunnel, err := config.NewTunnel(0)
	if err == nil {
		p.engine = tunnel
	}
	return err
}

func (p *player) configure(config interface {
	Set(sansock.Option, uint64) error
	AddHeader(name, value string) error
}) {
	for _, option := range p.all("option") {
		name, value := cutWord(option)
		must(config.Set(p.option(name), number(value, 10)))
	}
	for _, header := range p.all("header") {
		pair := atoms(header)
		must(config.AddHeader(pair[0], pair[1]))
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// Makes the call of a step.
func (p *player) call(name, rest string) (left int, err error) {
	input := false
	switch name {
	case "start":
		if err = p.start(); err != nil {
			return 0, err
		}
	case "receive":
		left = p.receive([]byte(bytesOf(rest)))
	case "time":
		p.now = number(rest, 10)
	case "hold":
		p.held = true
	case "drain":
		p.held = false
	case "field":
		pair := atoms(rest)
		p.fields = append(p.fields, sansock.Field{Name: pair[0], Value: pair[1]})
	case "eof":
		input, err = true, p.engine.ReceiveEOF(p.now)
	case "timeout":
		input, err = true, p.engine.Timeout(p.now)
	default:
		if input, err = p.handshakeCall(name, rest); !input && err == nil {
			err = p.send(name, rest)
		}
	}
	if input && err == nil {
		p.afterInput()
	}
	for p.engine.HasMore() {
		p.pass(nil)
	}
	return left, err
}

// Makes the call of a step of the handshake, if it is one; says whether it replaces the events.
func (p *player) handshakeCall(name, rest string) (input bool, err error) {
	word, arguments := cutWord(rest)
	switch name {
	case "accept":
		return true, p.conn.Accept(bytesOf(rest), p.now)
	case "reject":
		return true, p.conn.Reject(uint16(number(word, 10)), bytesOf(arguments), p.now)
	case "respond":
		reason, body := cutAtom(arguments)
		return true, p.conn.Respond(uint16(number(word, 10)), reason, bytesOf(body), p.now)
	case "receive-request":
		return true, p.conn.ReceiveRequest(p.version(word), p.takeFields(), p.now)
	case "request-fields":
		return true, p.conn.RequestFields(p.version(word), p.now)
	case "receive-response":
		return true, p.conn.ReceiveResponse(uint16(number(word, 10)), p.takeFields(), p.now)
	}
	return false, nil
}

func (p *player) version(word string) uint32 {
	return uint32(p.numbers["HTTP_VERSION_"+strings.ReplaceAll(word, ".", "_")])
}

func (p *player) takeFields() []sansock.Field {
	fields := p.fields
	p.fields = nil
	return fields
}

// Makes the call of a step that replaces no events.
func (p *player) send(name, rest string) error {
	word, arguments := cutWord(rest)
	kind := sansock.KindBinary
	if name == "text" || word == "text" {
		kind = sansock.KindText
	}
	unended := strings.TrimSpace(strings.TrimSuffix(arguments, "last"))
	last := unended != arguments
	switch name {
	case "text", "binary":
		return p.conn.Send(kind, []byte(bytesOf(rest)))
	case "part":
		return p.conn.SendPart(kind, []byte(bytesOf(unended)), last)
	case "prepared":
		message, err := sansock.NewPreparedMessage(kind, []byte(bytesOf(arguments)))
		if err != nil {
			return err
		}
		defer message.Free()
		return p.conn.SendPrepared(message)
	case "header":
		return p.conn.SendHeader(kind, number(unended, 10), last)
	case "ping":
		return p.conn.Ping([]byte(bytesOf(rest)), p.now)
	case "pong":
		return p.conn.Pong([]byte(bytesOf(rest)))
	case "close":
		return p.conn.Close(uint16(number(word, 10)), bytesOf(arguments), p.now)
	case "fail":
		return p.conn.Fail(uint16(number(word, 10)), bytesOf(arguments), p.now)
	case "pause":
		return p.conn.Pause(p.now)
	case "resume":
		return p.conn.Resume(p.now)
	case "response-header":
		pair := atoms(rest)
		return p.conn.AddResponseHeader(pair[0], pair[1])
	case "limit-deflate":
		return p.conn.LimitDeflate(p.option(word), number(arguments, 10))
	}
	panic("no call " + name)
}

// Receives all pieces, and says how many bytes were not consumed.
func (p *player) receive(data []byte) int {
	if !p.byteByByte {
		return p.pass(data)
	}
	for i := range data {
		if p.pass(data[i:i+1]) > 0 {
			return len(data) - i
		}
	}
	return 0
}

// Passes one piece, and again what is left of it.
func (p *player) pass(data []byte) (left int) {
	for {
		consumed, err := p.engine.Receive(data, p.now)
		must(err)
		data = data[consumed:]
		progress := consumed > 0 || len(p.engine.Events()) > 0
		p.afterInput()
		if !p.engine.HasMore() && (len(data) == 0 || !progress) {
			return len(data)
		}
	}
}

func (p *player) afterInput() {
	for _, event := range p.engine.Events() {
		p.transcript += describe(event)
	}
	p.collectOutput()
}

func (p *player) collectOutput() {
	// A report may bring more: pongs that had to wait.
	for output := p.engine.Output(); !p.held && len(output) > 0; output = p.engine.Output() {
		p.output = append(p.output, output...)
		must(p.engine.Written(len(output)))
	}
}

// Writes what follows the events of a step.
func (p *player) endStep(left int, err error) {
	if err != nil {
		p.transcript += "error " + p.errorName(err) + "\n"
	}
	if p.engine == nil {
		return
	}
	if left > 0 {
		p.transcript += fmt.Sprintf("left %d\n", left)
	}
	p.collectOutput()
	if !p.held && len(p.output) > 0 {
		p.transcript += "out " + show(p.output) + "\n"
		p.output = nil
	}
	p.showChanged("transport", [...]string{"open", "shutdown-write", "close"}[p.engine.Transport()])
	if p.has("show", "deadline") {
		deadline := "never"
		if p.engine.NextDeadline() != sansock.Never {
			deadline = fmt.Sprint(p.engine.NextDeadline())
		}
		p.showChanged("deadline", deadline)
	}
	if p.has("show", "writable") {
		p.showChanged("writable", map[bool]string{true: "yes", false: "no"}[p.engine.Writable()])
	}
	if p.has("show", "fault") {
		p.showChanged("fault", faultText(p.engine.Fault()))
	}
}

func (p *player) showChanged(name, value string) {
	if p.shown[name] != value {
		p.shown[name] = value
		p.transcript += name + " " + value + "\n"
	}
}

func (p *player) errorName(err error) string {
	for name, value := range p.numbers {
		if strings.HasPrefix(name, "ERR_") && sansock.Error(-int32(value)) == err {
			return name[4:]
		}
	}
	return err.Error()
}

func faultText(fault sansock.Fault) string {
	if fault.Number == 0 {
		return ""
	}
	text := sansock.FaultName(fault.Number)
	if fault.Actual > 0 {
		text += fmt.Sprintf(" actual=%d", fault.Actual)
	}
	if fault.Limit > 0 {
		text += fmt.Sprintf(" limit=%d", fault.Limit)
	}
	if fault.Position != sansock.Never {
		text += fmt.Sprintf(" position=%d", fault.Position)
	}
	return text
}
