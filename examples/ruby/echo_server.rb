# frozen_string_literal: true

# A WebSocket echo server: a thread for each connection.
#
#   ruby echo_server.rb PORT        (0: any free port)
#
# With DEFLATE=1 in the environment it compresses, with HTTP=1 it also answers plain HTTP.

require_relative "endpoint"

# What the server does with events.
module Echo
  module_function

  # Accepts requests of its own origin, and sends every message back. Returns the events that an answer brings.
  def handle(conn, event)
    return answer(conn, event) if event.kind == :request
    return unless event.message?

    event.kind == :text ? conn.send_text(event.payload) : conn.send_binary(event.payload)
  rescue Sansock::Error => e
    conn.fail(1011, "", Endpoint.now) unless e.name == :invalid_state # this one: Close was sent
  end

  # A server may also look at the target and the headers of a request.
  def answer(conn, request)
    return answer_page(conn, request) if request.fault
    return conn.reject(403, "", Endpoint.now) unless request.same_origin?

    conn.accept("", Endpoint.now)
  end

  # Plain HTTP, which comes with HTTP=1: any request that cannot be accepted. There is one page, a health check.
  def answer_page(conn, request)
    status, body = page(request)
    conn.add_response_header("Content-Type", "text/plain")
    conn.add_response_header("Allow", "GET, HEAD") if status == 405
    conn.respond(status, "", body, Endpoint.now)
  end

  def page(request)
    method = request.detail(:method) # nil: GET
    return [405, "only GET and HEAD\n"] if method && method.payload != "HEAD"

    request.payload == "/health" ? [200, "ok\n"] : [404, "no such page\n"]
  end
end

def configure
  config = Sansock::Config.new(:server)
  %w[chat echo].each { |name| config.set_text(:subprotocol, name) }
  config.set(:deflate, 1) if ENV["DEFLATE"] == "1"
  config.set(:deliver_http, 1) if ENV["HTTP"] == "1"
  config
end

def serve(config, socket)
  conn = Sansock::Conn.new(config, now: Endpoint.now)
  Endpoint.new(conn, socket) { |connection, event| Echo.handle(connection, event) }.run
end

# As many file descriptors as the system allows: each connection has one.
def raise_file_limit
  _, most = Process.getrlimit(:NOFILE)
  Process.setrlimit(:NOFILE, most)
end

def main(port)
  raise_file_limit
  config = configure
  server = TCPServer.new("127.0.0.1", port)
  %w[TERM INT].each { |signal| trap(signal) { exit } }
  puts "listening on ws://127.0.0.1:#{server.local_address.ip_port}"
  $stdout.flush
  loop do
    socket = server.accept
    Thread.new { serve(config, socket) }
  rescue SystemCallError => e # no file descriptor is left: connections must end first
    warn e.message
    sleep 0.1
  end
end

abort "usage: ruby echo_server.rb PORT" unless ARGV.size == 1
main(Integer(ARGV[0]))
