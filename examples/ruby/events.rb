# frozen_string_literal: true

module Sansock
  # An event, or a detail of one: a copy, which stays. What a kind does not have is nil.
  Event = Struct.new(
    :kind, :payload, :name, :details, :first, :last, :origin_relation, :status, :truncated, :type, :frame_end,
    :compressed, :frame_len, :round_trip, :code, :sent, :fault, :clean, :by_peer, :chosen, keyword_init: true
  ) do
    # REQUEST: whether it comes from this host, or not from a browser. Reject the others with 403.
    def same_origin? = origin_relation != :cross

    # TEXT and BINARY: a message, or a part of one.
    def message? = %i[text binary].include?(kind)

    # The first detail of a kind, or nil.
    def detail(kind) = details.find { |detail| detail.kind == kind }
  end

  # Records to events. A record is 32 bytes: kind, flags, code, aux, offset, len, extra.
  module Events
    RECORD = "CCSLQQQ"
    RECORD_SIZE = 32
    KIND_NAMES = KINDS.invert.freeze
    # Their payload is text; that of others is bytes.
    TEXTUAL = %i[text closing closed].freeze

    # What an event of a kind has besides its payload, from its flags, code, aux and extra.
    FIELDS = {
      request: lambda { |e, _, code, _, extra|
        e.origin_relation = ORIGINS[code]
        e.fault = Sansock.fault_name(extra)
      },
      rejected: ->(e, flags, code, *) { e.status, e.truncated = code, flags.anybits?(FLAGS[:truncated]) },
      head: ->(e, _, code, *) { e.status = code },
      text: ->(e, flags, *) { ends(e, flags) },
      binary: ->(e, flags, *) { ends(e, flags) },
      frame: lambda { |e, flags, code, _, extra|
        ends(e, flags)
        e.type = code == 1 ? :text : :binary
        e.frame_end, e.compressed = flags.anybits?(FLAGS[:frame_end]), flags.anybits?(FLAGS[:compressed])
        e.frame_len = extra
      },
      pong: ->(e, _, _, _, extra) { e.round_trip = extra == NEVER ? nil : extra }, # in milliseconds
      closing: ->(e, _, code, *) { e.code = code },
      fault: ->(e, _, code, aux, _) { e.code, e.fault = code, Sansock.fault_name(aux) },
      closed: lambda { |e, flags, code, aux, extra|
        e.code, e.sent, e.fault = code, extra, Sansock.fault_name(aux)
        e.clean, e.by_peer = flags.anybits?(FLAGS[:clean]), flags.anybits?(FLAGS[:by_peer])
      },
      subprotocol: ->(e, flags, *) { e.chosen = flags.anybits?(FLAGS[:chosen]) }
    }.freeze

    module_function

    def ends(event, flags)
      event.first, event.last = flags.anybits?(FLAGS[:first]), flags.anybits?(FLAGS[:last])
    end

    # The events of a batch; details are put in their event.
    def read(address, count, regions)
      return [] if count.zero?

      records = Fiddle::Pointer.new(address)[0, count * RECORD_SIZE]
      events = []
      missing = 0
      count.times do |i|
        fields = records.unpack(RECORD, offset: i * RECORD_SIZE)
        event = event_of(fields, regions)
        if missing.positive?
          events.last.details << event
          missing -= 1
        else
          events << event
          missing = fields[3] if %i[request open rejected head].include?(event.kind)
        end
      end
      events
    end

    def event_of((kind, flags, code, aux, offset, len, extra), regions)
      region = regions[flags & FLAGS[:region]]
      event = Event.new(kind: KIND_NAMES.fetch(kind, :unknown), details: [])
      if event.kind == :header
        event.name, event.payload = bytes(region + offset, aux), bytes(region + extra, len)
        return event
      end
      event.payload = bytes(region + offset, len)
      event.payload.force_encoding(Encoding::UTF_8) if TEXTUAL.include?(event.kind)
      FIELDS[event.kind]&.call(event, flags, code, aux, extra)
      event
    end

    def bytes(address, len) = len.zero? ? String.new : Fiddle::Pointer.new(address)[0, len]
  end
end
