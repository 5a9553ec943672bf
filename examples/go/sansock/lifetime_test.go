package sansock_test

import (
	"testing"

	"sansock.example/go/sansock"
)

func open(t *testing.T, role sansock.Role) *sansock.Conn {
	t.Helper()
	config, err := sansock.NewConfig(role)
	if err != nil {
		t.Fatal(err)
	}
	defer config.Free()
	if err := config.Set(sansock.StartOpen, 1); err != nil {
		t.Fatal(err)
	}
	conn, err := config.NewConn(&[32]byte{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func expect(t *testing.T, wanted, found error) {
	t.Helper()
	if found != wanted {
		t.Errorf("expected %v, found %v", wanted, found)
	}
}

func TestBinaryInterface(t *testing.T) {
	if compiled, loaded := sansock.ABIVersion(); compiled != loaded {
		t.Errorf("compiled for %d, loaded %d", compiled, loaded)
	}
}

func TestCallsOnWhatWasFreedAreRefused(t *testing.T) {
	conn := open(t, sansock.Client)
	conn.Free()
	conn.Free()
	expect(t, sansock.ErrBadHandle, conn.Send(sansock.KindText, []byte("late")))
	_, err := conn.Receive([]byte("late"), 0)
	expect(t, sansock.ErrBadHandle, err)
	conn.Free() // gives back the buffer of the refused call
}

func TestRefusedCallsSayWhy(t *testing.T) {
	config, err := sansock.NewConfig(sansock.Client)
	expect(t, nil, err)
	defer config.Free()
	expect(t, sansock.ErrInvalidArgument, config.Set(sansock.Option(9999), 1))
	expect(t, sansock.ErrInvalidArgument, config.SetText(sansock.URL, "http://localhost/"))
	_, err = config.NewConn(nil, 0) // without a URL
	expect(t, sansock.ErrInvalidArgument, err)
	_, _, _, err = sansock.ParseURL("localhost")
	expect(t, sansock.ErrInvalidArgument, err)
	conn := open(t, sansock.Server)
	defer conn.Free()
	expect(t, sansock.ErrInvalidState, conn.Accept("", 0))
}

// The payload lies in the memory of the library, where a send may take it from.
func TestPayloadsStayWhileTheyAreSentBack(t *testing.T) {
	conn := open(t, sansock.Server)
	defer conn.Free()
	input := []byte("\x82\x83\x01\x02\x03\x04\x60\x60\x60" + "\x82\x81\x00\x00\x00\x00d")
	consumed, err := conn.Receive(input, 0)
	expect(t, nil, err)
	events := conn.Events()
	if consumed != len(input) || len(events) != 2 {
		t.Fatalf("%d bytes were consumed, for %d events", consumed, len(events))
	}
	for _, event := range events {
		expect(t, nil, conn.Send(event.Kind(), event.Payload()))
	}
	if output := string(conn.Output()); output != "\x82\x03abc\x82\x01d" {
		t.Errorf("sent %q", output)
	}
}
