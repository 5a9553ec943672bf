# frozen_string_literal: true

require "socket"
require_relative "sansock"

# One connection over a TCP socket, in a thread of its own: what every host does. The library does the protocol; this reads,
# writes, waits until the deadline, reports the end of the stream and obeys the transport instruction.
class Endpoint
  READ_SIZE = 16_384

  attr_reader :conn

  # The clock of all connections, in milliseconds.
  def self.now = Process.clock_gettime(Process::CLOCK_MONOTONIC, :millisecond)

  # Connects to a ws: URL, offers the subprotocols, and with DEFLATE=1 in the environment compression.
  def self.dial(url, subprotocols, &on_event)
    host, port, secure = Sansock.parse_url(url)
    raise ArgumentError, "wss: needs TLS, which this example leaves out" if secure

    config = Sansock::Config.new(:client)
    config.set_text(:url, url)
    subprotocols.each { |name| config.set_text(:subprotocol, name) }
    config.set(:receive_while_closing, 1) # for the echoes of what was sent before our Close
    config.set(:deflate, 1) if ENV["DEFLATE"] == "1"
    new(Sansock::Conn.new(config, now:), TCPSocket.new(host, port), &on_event)
  end

  # `on_event` is given the connection and an event. It may make any call on the connection; if that is an input call, as an
  # answer to a request is, it returns its events, else nil.
  def initialize(conn, socket, &on_event)
    @conn = conn
    @socket = socket
    @on_event = on_event
    @buffer = String.new(capacity: READ_SIZE)
    @paused = @write_shut = @stream_ended = false
    socket.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1)
  end

  # Drives the connection until the transport is to be closed, then closes the socket and frees the connection. Before each
  # wait it yields: for other calls on the connection, and for another stream to wait for, if one is returned.
  def run
    loop do
      other = yield if block_given?
      write
      break if finished?

      wait(other)
    end
  ensure
    @socket.close
    @conn.free
  end

  private

  def now = Endpoint.now

  def finished? = @conn.pending_output.zero? && @conn.transport == :close

  def wait(other)
    regulate
    reading = [(@socket unless @paused || @stream_ended), other].compact
    writing = @conn.pending_output.zero? ? [] : [@socket]
    deadline = @conn.next_deadline
    ready, = IO.select(reading, writing, nil, deadline && [deadline - now, 0].max / 1000.0)
    read if ready&.include?(@socket)
    handle(@conn.timeout(now)) if deadline && deadline <= now
  end

  # Back-pressure: a peer that does not read is not read from.
  def regulate
    pause = !@conn.writable?
    return if pause == @paused

    @paused = pause
    pause ? @conn.pause(now) : @conn.resume(now)
  end

  def read
    case @socket.read_nonblock(READ_SIZE, @buffer, exception: false)
    when :wait_readable then nil
    when nil then end_of_stream
    else receive(@buffer)
    end
  rescue SystemCallError
    end_of_stream
  end

  # Passes input until all of it is consumed. The events are copies, so that they may be handled in between.
  def receive(data)
    loop do
      events = @conn.receive(data, now)
      consumed = @conn.consumed
      data = data.byteslice(consumed..)
      handle(events)
      break if data.empty? || (consumed.zero? && events.empty? && !@conn.more?)
    end
  end

  # Handles these events, and those that wait behind them.
  def handle(events)
    give(events)
    give(@conn.timeout(now)) while @conn.more?
  end

  def give(events)
    events.each do |event|
      answer = @on_event.call(@conn, event)
      give(answer) if answer.is_a?(Array)
    end
  end

  def end_of_stream
    return if @stream_ended

    @stream_ended = true
    handle(@conn.receive_eof(now))
  end

  # Writes what the kernel accepts, then shuts down writing if the engine says so.
  def write
    until @conn.pending_output.zero?
      count = @socket.write_nonblock(@conn.output(READ_SIZE), exception: false)
      return if count == :wait_writable

      @conn.written(count)
    end
    shut_down_writing if @conn.transport == :shutdown_write && !@write_shut
  rescue SystemCallError # nobody is left to read it
    end_of_stream
    @conn.written(@conn.pending_output)
  end

  def shut_down_writing
    @write_shut = true
    @socket.shutdown(Socket::SHUT_WR)
  end
end
