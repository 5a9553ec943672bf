# frozen_string_literal: true

# A WebSocket client for the terminal.
#
#   ruby client.rb URL
#
# Each line of input is sent as a text message, each message received is printed as a line (binary in hexadecimal), and the
# end of the input closes the connection. The last line printed is `closed CODE REASON`; the status is 0 only if the
# connection was closed cleanly. With DEFLATE=1 in the environment it offers compression.

require_relative "endpoint"
require_relative "lines"

# Sends what it reads, and prints what it receives.
class Client
  def initialize(url)
    @lines = Lines.new($stdin)
    @clean = false
    @endpoint = Endpoint.dial(url, []) { |_, event| handle(event) }
  end

  # Runs the connection. Returns whether it was closed cleanly.
  def run
    @endpoint.run { send_lines }
    @clean
  end

  private

  def handle(event)
    case event.kind
    when :text then puts event.payload
    when :binary then puts event.payload.unpack1("H*")
    when :rejected then warn "rejected with status #{event.status}"
    when :closed
      @clean = event.clean
      puts ["closed", event.code, *(event.payload unless event.payload.empty?)].join(" ")
    end
    nil
  end

  # Sends what there is to read, as far as the connection takes it, and closes at the end. Returns what to wait for.
  def send_lines
    conn = @endpoint.conn
    @lines.read unless @lines.next
    while conn.state == :open && conn.writable? && (line = @lines.next)
      conn.send_text(line)
      @lines.take
      @lines.read unless @lines.next
    end
    conn.close(1000, "", Endpoint.now) if @lines.ended? && conn.state == :open
    @lines.stream unless @lines.next || @lines.ended?
  end
end

abort "usage: ruby client.rb URL" unless ARGV.size == 1
$stdout.sync = true
begin
  exit Client.new(ARGV[0]).run
rescue Sansock::Error, ArgumentError, SocketError, SystemCallError => e
  abort "#{ARGV[0]}: #{e.message}"
end
