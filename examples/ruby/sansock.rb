# frozen_string_literal: true

require_relative "declarations"
require_relative "events"

# The C library of Sansock for Ruby: bytes in, events and bytes out. No I/O, no clock.
#
# The manual is the C header, include/sansock.h; the names here are those of its functions. Input calls return the events, as
# copies; a refused call raises Error, and has changed nothing. After every call: handle the events, write `output` and report
# it with `written`, set a timer to `next_deadline`, and do what `transport` says once all output is written.
#
# One thread at a time may use a connection. What `new` makes is freed with `free`, or by the collector; a call on what was
# freed raises Error.
module Sansock
  # Why a call was refused; `name` is that of the error in the header, such as :invalid_state.
  class Error < StandardError
    attr_reader :name

    def initialize(status)
      @name = ERRORS[-status - 1]
      super(Library.sansock_error_text(status).to_s)
    end
  end

  module_function

  def check(status) = status.zero? || raise(Error.new(status))

  # The name of a fault, such as "MESSAGE_TOO_BIG"; nil for 0.
  def fault_name(fault) = fault.zero? ? nil : Library.sansock_fault_name(fault).to_s

  # Where a ws: or wss: URL points to: host, port, and whether it wants TLS.
  def parse_url(url)
    place = Fiddle::Pointer.malloc(24, Fiddle::RUBY_FREE)
    check(Library.sansock_url_parse(url, url.bytesize, place))
    secure, port, offset, len = place[0, 24].unpack("CxSx4QQ")
    [url.byteslice(offset, len), port, secure == 1]
  end

  raise "libsansock has another binary interface" unless Library.sansock_abi_version == ABI_VERSION
  raise "libsansock has other records" unless Library.sansock_record_size == Events::RECORD_SIZE

  # What the library frees. The functions that take one are those with its prefix.
  class Handle
    # Creates a handle with a function of the library, whose last argument receives it.
    def initialize(prefix, *arguments)
      @prefix = prefix
      out = Fiddle::Pointer.malloc(Fiddle::SIZEOF_VOIDP, Fiddle::RUBY_FREE)
      Sansock.check(Library.public_send("#{prefix}_new", *arguments, out))
      release = Library["#{prefix}_free"]
      @handle = Fiddle::Pointer.new(out.ptr.to_i, 0, release)
    end

    # Frees it now. May be called again.
    def free
      @handle.call_free unless @handle.null?
      @handle = Fiddle::NULL
      @block = nil
    end

    def to_ptr = @handle

    private

    def call(function, *arguments) = Sansock.check(Library.public_send("#{@prefix}_#{function}", @handle, *arguments))

    # A text as the library takes it.
    def text(string) = [string, string.bytesize]
  end

  # What configurations of connections and of tunnels have in common.
  class Configuration < Handle
    # Sets an option, by its name in OPTIONS or by its number.
    def set(option, value) = call(:set, OPTIONS.fetch(option, option), value)

    def add_header(name, value) = call(:add_header, *text(name), *text(value))
  end

  # A configuration, from which any number of connections are made.
  class Config < Configuration
    # `role`: :client or :server.
    def initialize(role) = super("sansock_config", ROLES.fetch(role))

    # Sets a text, by its name in TEXTS; :subprotocol adds to a list.
    def set_text(name, value) = call(:set_text, TEXTS.fetch(name), *text(value))
  end

  # A message for many connections, which is compressed once for all that agreed to the same window.
  class PreparedMessage < Handle
    # `kind`: :text or :binary. The data is copied.
    def initialize(kind, data) = super("sansock_prepared", KINDS.fetch(kind), *text(data))
  end

  # What connections and tunnels have in common: their block.
  class Engine < Handle
    BLOCK = "lLCCSLQ6J J3 J3 JJQ"
    BLOCK_SIZE = 144

    raise "libsansock has a smaller block" unless Library.sansock_block_size >= BLOCK_SIZE && Fiddle::SIZEOF_VOIDP == 8

    def initialize(prefix, *arguments)
      super
      @block = Library.public_send("#{prefix}_block", @handle)
    end

    def transport = TRANSPORTS[field(8, "C")]
    def state = STATES[field(9, "C")]
    def more? = field(10, "S").anybits?(BLOCKS[:more])
    def writable? = field(10, "S").anybits?(BLOCKS[:writable])

    # How many bytes the last `receive` consumed.
    def consumed = field(16, "Q")

    # When to call `timeout`, in milliseconds of the host's clock; nil if there is no deadline.
    def next_deadline
      deadline = field(24, "Q")
      deadline == NEVER ? nil : deadline
    end

    # The fault that ended the connection: its name, and the numbers that explain it, nil where there is none.
    def fault
      number = field(12, "L")
      return if number.zero?

      actual, limit, position = @block[40, 24].unpack("QQQ")
      { name: Sansock.fault_name(number), actual: actual, limit: limit, position: position == NEVER ? nil : position }
    end

    def pending_output = field(128, "J")

    # The bytes to write, at most so many of them.
    def output(limit = pending_output)
      size = [limit, pending_output].min
      size.zero? ? String.new : Fiddle::Pointer.new(field(120, "J"))[0, size]
    end

    def written(count) = call(:written, count)
    def receive_eof(now) = input(:receive_eof, now)
    def timeout(now) = input(:timeout, now)

    private

    def field(offset, format) = @block[offset, 8].unpack1(format)

    # An input call: it returns the events.
    def input(function, *arguments)
      call(function, *arguments)
      count, = field(4, "L")
      Events.read(field(64, "J"), count, @block[72, 24].unpack("JJJ"))
    end
  end

  # One WebSocket connection. `now` is always in milliseconds of the same clock.
  class Conn < Engine
    # `seed`: 32 random bytes; nil asks the system for them.
    def initialize(config, now:, seed: nil)
      super("sansock_conn", config, seed, now)
      @capacity = 0
    end

    # Receives bytes, which are copied: they are unmasked in place. See `consumed`: pass the rest when the events are handled.
    def receive(data, now)
      if data.bytesize > @capacity
        @capacity = data.bytesize
        @input = Fiddle::Pointer.malloc(@capacity, Fiddle::RUBY_FREE)
      end
      @input[0, data.bytesize] = data unless data.empty?
      input(:receive, data.empty? ? nil : @input, data.bytesize, now)
    end

    def send_text(string) = call(:send_text, *text(string))
    def send_binary(data) = call(:send_binary, *text(data))

    # Sends a part of a message. `kind`: :text or :binary.
    def send_part(kind, data, last) = call(:send_part, KINDS.fetch(kind), *text(data), last ? 1 : 0)

    # Sends a PreparedMessage.
    def send_prepared(message) = call(:send_prepared, message)

    def send_header(kind, payload_len, last) = call(:send_header, KINDS.fetch(kind), payload_len, last ? 1 : 0)
    def ping(data, now) = call(:ping, *text(data), now)
    def pong(data) = call(:pong, *text(data))

    # Starts the closing handshake, or answers the peer's Close. Code 0 sends no code.
    def close(code, reason, now) = call(:close, code, *text(reason), now)

    def fail(code, reason, now) = call(:fail, code, *text(reason), now)
    def pause(now) = call(:pause, now)
    def resume(now) = call(:resume, now)
    def add_response_header(name, value) = call(:add_response_header, *text(name), *text(value))
    def limit_deflate(option, value) = call(:limit_deflate, OPTIONS.fetch(option, option), value)

    # Accepts the request. `subprotocol`: one that it offers; "" for the first of the configured ones.
    def accept(subprotocol, now) = input(:accept, *text(subprotocol), now)

    def reject(status, body, now) = input(:reject, status, *text(body), now)

    # Answers the request with a response that opens no connection. `reason`: "" for the usual one.
    def respond(status, reason, body, now) = input(:respond, status, *text(reason), *text(body), now)

    # Receives a request as fields, a list of pairs, from an HTTP implementation of the host's.
    def receive_request(version, fields, now) = input(:receive_request, version, *array(fields), now)

    def request_fields(version, now) = input(:request_fields, version, now)
    def receive_response(status, fields, now) = input(:receive_response, status, *array(fields), now)

    private

    # Fields as the library takes them. They hold addresses of the strings, which the caller keeps meanwhile.
    def array(fields)
      structs = fields.flat_map { |pair| pair.flat_map { |string| [Fiddle::Pointer[string].to_i, string.bytesize] } }
      [structs.pack("J*"), fields.size]
    end
  end

  # The configuration of tunnels through the proxy at a URL, to a host and port.
  class TunnelConfig < Configuration
    def initialize(proxy, host, port) = super("sansock_tunnel_config", *text(proxy), *text(host), port)
  end

  # One tunnel through a proxy. Drive it as a connection, until OPEN or CLOSED.
  class Tunnel < Engine
    def initialize(config, now:) = super("sansock_tunnel", config, now)

    def receive(data, now) = input(:receive, *text(data), now)
  end
end
