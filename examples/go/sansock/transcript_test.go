package sansock_test

import (
	"fmt"

	"sansock.example/go/sansock"
)

var named = map[sansock.Kind]string{
	sansock.KindRequest: "request", sansock.KindOpen: "open", sansock.KindRejected: "rejected",
	sansock.KindText: "text", sansock.KindBinary: "binary", sansock.KindPing: "ping", sansock.KindPong: "pong",
	sansock.KindClosing: "closing", sansock.KindClosed: "closed", sansock.KindHead: "head",
	sansock.KindFrame: "frame", sansock.KindFault: "fault", sansock.KindHeader: "header",
	sansock.KindAuthority: "authority", sansock.KindOrigin: "origin", sansock.KindSubprotocol: "subprotocol",
	sansock.KindExtension: "extension", sansock.KindMethod: "method", sansock.KindReason: "reason",
}

// The lines of an event and its details.
func describe(e sansock.Event) string {
	lines := named[e.Kind()] + before(e)
	switch e.Kind() {
	case sansock.KindOpen, sansock.KindFault:
	default:
		lines += " " + show(e.Payload())
	}
	lines += after(e) + "\n"
	for _, detail := range e.Details() {
		lines += describe(detail)
	}
	return lines
}

// What stands before the payload.
func before(e sansock.Event) string {
	switch e.Kind() {
	case sansock.KindRejected, sansock.KindHead:
		return fmt.Sprintf(" %d", e.Status())
	case sansock.KindClosing, sansock.KindClosed:
		return fmt.Sprintf(" %d", e.CloseCode())
	case sansock.KindFault:
		return fmt.Sprintf(" %s %d", sansock.FaultName(e.Fault()), e.CloseCode())
	case sansock.KindHeader:
		return " " + show([]byte(e.Name()))
	case sansock.KindFrame:
		if e.IsTextFrame() {
			return " text"
		}
		return " binary"
	}
	return ""
}

// What stands behind the payload.
func after(e sansock.Event) (words string) {
	add := func(on bool, word string) {
		if on {
			words += " " + word
		}
	}
	switch e.Kind() {
	case sansock.KindRequest:
		words = " origin=" + []string{"absent", "same", "cross"}[e.OriginRelation()]
		add(e.Fault() != 0, "fault="+sansock.FaultName(e.Fault()))
	case sansock.KindRejected:
		add(e.IsTruncated(), "truncated")
	case sansock.KindText, sansock.KindBinary, sansock.KindFrame:
		add(e.IsFirst() && !e.IsLast(), "first")
		add(!e.IsFirst() && !e.IsLast(), "middle")
		add(!e.IsFirst() && e.IsLast(), "last")
		add(e.IsFrameEnd(), "end")
		add(e.IsCompressed(), "compressed")
		add(e.Kind() == sansock.KindFrame, fmt.Sprintf("of=%d", e.FrameLen()))
	case sansock.KindPong:
		ms, ok := e.RoundTrip()
		add(ok, fmt.Sprintf("rtt=%d", ms))
	case sansock.KindSubprotocol:
		add(e.IsChosen(), "chosen")
	case sansock.KindClosed:
		add(e.IsClean(), "clean")
		add(!e.IsClean(), "unclean")
		add(e.ByPeer(), "by-peer")
		add(!e.ByPeer(), "by-us")
		add(e.CloseSent() != 0, fmt.Sprintf("sent=%d", e.CloseSent()))
		add(e.Fault() != 0, "fault="+sansock.FaultName(e.Fault()))
	}
	return words
}
