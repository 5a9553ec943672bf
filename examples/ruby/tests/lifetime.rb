# frozen_string_literal: true

# Handles: what is freed, when, and what calls on it say; and which calls are refused.

require_relative "../sansock"

# What a host may rely on, and what it is told.
module Lifetime
  START_OPEN = 1
  MIB = 1 << 20

  module_function

  def expect(wanted, found)
    @checks = (@checks || 0) + 1
    raise "expected #{wanted.inspect}, found #{found.inspect}" unless wanted == found
  end

  # The name of the error with which a call was refused.
  def refusal
    yield
    :none
  rescue Sansock::Error => e
    e.name
  end

  def opened(role)
    config = Sansock::Config.new(role)
    config.set(START_OPEN, 1)
    conn = Sansock::Conn.new(config, seed: "\0" * 32, now: 0)
    config.free
    conn
  end

  def calls_on_what_was_freed_are_refused
    conn = opened(:client)
    conn.free
    conn.free
    expect(:bad_handle, refusal { conn.send_text("late") })
    expect(:bad_handle, refusal { conn.receive("late", 0) })
  end

  def refused_calls_say_why
    config = Sansock::Config.new(:client)
    expect(:invalid_argument, refusal { config.set(9999, 1) })
    expect(:invalid_argument, refusal { config.set_text(:url, "http://localhost/") })
    expect(:invalid_argument, refusal { Sansock::Conn.new(config, now: 0) }) # without a URL
    expect(:invalid_argument, refusal { Sansock.parse_url("localhost") })
    expect(:invalid_state, refusal { opened(:server).accept("", 0) })
  end

  # They outlive the next input call, and the connection.
  def events_are_copies
    conn = opened(:server)
    first, = conn.receive("\x82\x83\x01\x02\x03\x04\x60\x60\x60".b, 0)
    second, = conn.receive("\x82\x83\0\0\0\0xyz".b, 0)
    conn.free
    expect("abc", first.payload)
    expect("xyz", second.payload)
  end

  # 2,000 connections that stay have 20 MB of output.
  def the_collector_frees_what_the_program_does_not
    return unless File.exist?("/proc/self/statm")

    memory_after(2000)
    before = memory_after(2000)
    expect(true, memory_after(2000) - before < 10 * MIB)
  end

  def memory_after(rounds)
    message = "x" * 10_000
    rounds.times { opened(:client).send_text(message) }
    GC.start
    File.read("/proc/self/statm").split[1].to_i * 4096
  end

  def run
    calls_on_what_was_freed_are_refused
    refused_calls_say_why
    events_are_copies
    the_collector_frees_what_the_program_does_not
    puts "lifetime: #{@checks} checks hold"
  end
end

Lifetime.run
