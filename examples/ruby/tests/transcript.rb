# frozen_string_literal: true

require_relative "vector_text"

# Events as lines of a transcript (core/vectors/README.md).
module Transcript
  BEFORE = {
    rejected: ->(e) { [e.status] },
    head: ->(e) { [e.status] },
    closing: ->(e) { [e.code] },
    closed: ->(e) { [e.code] },
    fault: ->(e) { [e.fault, e.code] },
    header: ->(e) { [VectorText.show(e.name)] },
    frame: ->(e) { [e.type] }
  }.freeze
  AFTER = {
    request: ->(e) { ["origin=#{e.origin_relation}", e.fault && "fault=#{e.fault}"] },
    rejected: ->(e) { [e.truncated && "truncated"] },
    text: ->(e) { [part(e)] },
    binary: ->(e) { [part(e)] },
    frame: ->(e) { [part(e), e.frame_end && "end", e.compressed && "compressed", "of=#{e.frame_len}"] },
    pong: ->(e) { [e.round_trip && "rtt=#{e.round_trip}"] },
    subprotocol: ->(e) { [e.chosen && "chosen"] },
    closed: lambda { |e|
      [e.clean ? "clean" : "unclean", e.by_peer ? "by-peer" : "by-us", e.sent.positive? && "sent=#{e.sent}",
       e.fault && "fault=#{e.fault}"]
    }
  }.freeze

  module_function

  # The lines of an event and its details.
  def describe(event)
    words = [event.kind, *BEFORE[event.kind]&.call(event)]
    words << VectorText.show(event.payload) unless %i[open fault].include?(event.kind)
    words.concat(AFTER[event.kind]&.call(event) || [])
    "#{words.select(&:itself).join(' ')}\n#{event.details.map { |detail| describe(detail) }.join}"
  end

  def part(event)
    return event.last ? nil : "first" if event.first

    event.last ? "last" : "middle"
  end
end
