# frozen_string_literal: true

# The lines of a stream, of any length, for a program that must not block on them.
class Lines
  READ_SIZE = 65_536

  attr_reader :stream

  def initialize(stream)
    @stream = stream
    @buffer = String.new
    @searched = 0
    @ended = false
  end

  # Whether all lines were taken, and none will come.
  def ended? = @ended && @buffer.empty?

  # The next line, without its end, or nil. It stays the next one until `take`.
  def next
    newline = @buffer.index("\n", @searched)
    @searched = newline || @buffer.bytesize
    @buffer.byteslice(0, @searched) if newline || (@ended && !@buffer.empty?)
  end

  def take
    @buffer = @buffer.byteslice(@searched + 1..) || String.new
    @searched = 0
  end

  # Reads once, if there is something to read.
  def read
    data = @stream.read_nonblock(READ_SIZE, exception: false)
    return if data == :wait_readable

    data ? @buffer << data : @ended = true
  end
end
