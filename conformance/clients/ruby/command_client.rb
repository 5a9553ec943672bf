# frozen_string_literal: true

# The command client (see ../README.md) in Ruby: examples/ruby/client.rb with every call and every event.
#
#   ruby -I examples/ruby command_client.rb URL [--subprotocol NAME]... [--echo]

require "endpoint"
require "lines"
require "optparse"

# Prints every event, and carries out what it reads.
class CommandClient
  def initialize(url, subprotocols)
    @lines = Lines.new($stdin)
    @printed = Hash.new(0) # how many events of each kind no `wait` has used up
    @clean = false
    @endpoint = Endpoint.dial(url, subprotocols) { |conn, event| handle(conn, event) }
  end

  # Runs the connection. Returns whether it was closed cleanly.
  def run
    @endpoint.run { run_commands }
    @clean
  end

  private

  def handle(_, event)
    @clean = event.clean if event.kind == :closed
    text = describe(event)
    return unless text

    puts [event.kind, *(text unless text.empty?)].join(" ")
    @printed[event.kind.to_s] += 1
    nil
  end

  # What is printed of an event, behind its name; nil if it is not printed.
  def describe(event)
    case event.kind
    when :open then event.detail(:subprotocol)&.payload || ""
    when :rejected then event.status.to_s
    when :text, :ping, :pong then event.payload
    when :binary then event.payload.unpack1("H*")
    when :closing, :closed then [event.code, *(event.payload unless event.payload.empty?)].join(" ")
    end
  end

  # Carries out what there is to read, as far as it need not wait. Returns what to wait for.
  def run_commands
    @lines.read unless @lines.next
    while (line = @lines.next)
      break unless command(line)

      @lines.take
      @lines.read unless @lines.next
    end
    conn = @endpoint.conn
    conn.close(1000, "", Endpoint.now) if @lines.ended? && conn.state == :open
    @lines.stream unless @lines.next || @lines.ended?
  end

  # Carries out one line. Returns false if it must wait.
  def command(line)
    verb, rest = line.split(" ", 2)
    rest ||= ""
    if verb == "wait"
      return false if @printed[rest].zero?

      @printed[rest] -= 1
      return true
    end
    conn = @endpoint.conn
    return false if conn.state == :connecting || !conn.writable?

    call(conn, verb, rest)
    true
  rescue Sansock::Error, ArgumentError, KeyError => e
    warn "#{verb}: #{e.message}"
    true
  end

  def call(conn, verb, rest)
    case verb
    when "text" then conn.send_text(rest)
    when "binary" then conn.send_binary(from_hex(rest))
    when "parts" then send_parts(conn, *rest.split(" ", 3))
    when "ping" then conn.ping(rest, Endpoint.now)
    when "pong" then conn.pong(rest)
    when "close"
      code, reason = rest.split(" ", 2)
      conn.close(Integer(code), reason || "", Endpoint.now)
    else raise ArgumentError, "not a command"
    end
  end

  def from_hex(digits)
    raise ArgumentError, "not hexadecimal" unless digits.match?(/\A(?:\h\h)*\z/)

    [digits].pack("H*")
  end

  # Sends a message in parts of nearly equal length.
  def send_parts(conn, kind, count, data)
    count = Integer(count)
    cuts = (0..count).map { |n| data.bytesize * n / count }
    cuts.each_cons(2).with_index(1) do |(from, to), n|
      conn.send_part(kind.to_sym, data.byteslice(from...to), n == count)
    end
  end
end

# Sends every message back, until the connection is closed, and reads nothing else.
class EchoClient < CommandClient
  private

  def handle(conn, event)
    return super if event.kind == :closed
    return unless event.message?

    event.kind == :text ? conn.send_text(event.payload) : conn.send_binary(event.payload)
    nil
  rescue Sansock::Error => e
    raise unless e.name == :invalid_state # our Close is on its way
  end

  def run_commands; end
end

subprotocols = []
client = CommandClient
parser = OptionParser.new do |options|
  options.banner = "usage: command_client.rb URL [--subprotocol NAME]... [--echo]"
  options.on("--subprotocol NAME") { |name| subprotocols << name }
  options.on("--echo") { client = EchoClient }
end
begin
  url, = parser.parse!
  abort parser.banner unless url
  $stdout.sync = true
  exit client.new(url, subprotocols).run
rescue Sansock::Error, ArgumentError, OptionParser::ParseError, SocketError, SystemCallError => e
  abort "#{url}: #{e.message}"
end
