# frozen_string_literal: true

require_relative "../sansock"
require_relative "transcript"

# Plays the steps of one case of the conformance vectors.
class Player
  include VectorText

  SEED = (0..31).to_a.pack("C*").freeze
  TEXTS = %w[url origin subprotocol key].freeze

  # `numbers`: those of the header, by their names.
  def initialize(vector, numbers, byte_by_byte:)
    @vector = vector
    @numbers = numbers
    @byte_by_byte = byte_by_byte
    @now = 0
    @held = vector.has?("hold", "")
    @fields = []
    @output = String.new
    @shown = { "transport" => "open", "deadline" => "never", "writable" => "yes", "fault" => "" }
  end

  # Whether all steps have the transcript that is expected. A difference is printed.
  def play
    @vector.steps.all? { |step| agrees?(step) }
  ensure
    @engine&.free
  end

  private

  def agrees?(step)
    @transcript = String.new
    error = nil
    begin
      call(step)
    rescue Sansock::Error => e
      error = e
    end
    end_step(error) if @engine || error
    return true if @transcript == step.expected

    puts "#{@vector.file}:#{step.line}: #{@vector.name} (#{@byte_by_byte ? 'byte by byte' : 'whole'})",
         "> #{step.call} #{step.rest[0, 160]}", "expected:", step.expected, "found:", @transcript
    false
  end

  def call(step)
    @left = 0
    case step.call
    when "start" then @engine = @vector.has?("role", "tunnel") ? start_tunnel : start
    when "receive" then @left = receive(VectorText.bytes(step.rest))
    else
      word, rest = VectorText.cut_word(step.rest)
      found = make(step.call.tr("-", "_").to_sym, step.rest, word, rest)
      take(found) if found.is_a?(Array)
    end
  ensure
    pass("") while @engine&.more?
  end

  # Makes a call of the engine. An input call returns its events.
  def make(name, all, word, rest)
    case name
    when :time then @now = all.to_i
    when :hold, :drain then @held = name == :hold
    when :field then (@fields << VectorText.atoms(all)).size
    when :eof then @engine.receive_eof(@now)
    when :timeout, :pause, :resume then @engine.public_send(name, @now)
    when :accept then @engine.accept(VectorText.bytes(all), @now)
    when :reject then @engine.reject(word.to_i, VectorText.bytes(rest), @now)
    when :respond then respond(word.to_i, *VectorText.atoms(rest))
    when :receive_request then @engine.receive_request(version(word), take_fields, @now)
    when :request_fields then @engine.request_fields(version(word), @now)
    when :receive_response then @engine.receive_response(word.to_i, take_fields, @now)
    when :response_header then @engine.add_response_header(*VectorText.atoms(all))
    when :limit_deflate then @engine.limit_deflate(option(word), rest.to_i)
    else send_frame(name, all, word, rest)
    end
  end

  def send_prepared(message)
    @engine.send_prepared(message)
  ensure
    message.free
  end

  def send_frame(name, all, word, rest)
    unended = rest.delete_suffix("last").strip
    last = unended != rest
    case name
    when :text then @engine.send_text(VectorText.bytes(all))
    when :binary then @engine.send_binary(VectorText.bytes(all))
    when :part then @engine.send_part(word.to_sym, VectorText.bytes(unended), last)
    when :prepared then send_prepared(Sansock::PreparedMessage.new(word.to_sym, VectorText.bytes(rest)))
    when :header then @engine.send_header(word.to_sym, unended.to_i, last)
    when :ping then @engine.ping(VectorText.bytes(all), @now)
    when :pong then @engine.pong(VectorText.bytes(all))
    when :close, :fail then @engine.public_send(name, word.to_i, VectorText.bytes(rest), @now)
    else raise "no call #{name}"
    end
  end

  def respond(status, reason, *body) = @engine.respond(status, reason, body.join, @now)

  def version(word) = @numbers.fetch("HTTP_VERSION_#{word.tr('.', '_')}")

  def option(name) = @numbers.fetch("OPTION_#{name.upcase}")

  def take_fields
    fields = @fields
    @fields = []
    fields
  end

  def start
    config = Sansock::Config.new(@vector.has?("role", "client") ? :client : :server)
    @vector.settings.each do |name, value|
      config.set_text(name.to_sym, VectorText.bytes(value)) if TEXTS.include?(name)
    end
    configure(config)
    Sansock::Conn.new(config, seed: SEED, now: 0)
  end

  def start_tunnel
    target, _, port = @vector.all("target").first.rpartition(" ")
    proxy = VectorText.bytes(@vector.all("url").first)
    config = Sansock::TunnelConfig.new(proxy, VectorText.bytes(target), port.to_i)
    configure(config)
    Sansock::Tunnel.new(config, now: 0)
  end

  def configure(config)
    @vector.all("option").each do |setting|
      name, value = setting.split
      config.set(option(name), value.to_i)
    end
    @vector.all("header").each { |header| config.add_header(*VectorText.atoms(header)) }
  end

  # Passes all pieces. Returns how many bytes were not consumed.
  def receive(data)
    return pass(data) unless @byte_by_byte

    data.bytesize.times { |i| return data.bytesize - i if pass(data.byteslice(i, 1)).positive? }
    0
  end

  # Passes one piece, and again what is left of it.
  def pass(data)
    loop do
      events = @engine.receive(data, @now)
      consumed = @engine.consumed
      data = data.byteslice(consumed..)
      take(events)
      stuck = consumed.zero? && events.empty?
      return data.bytesize if !@engine.more? && (data.empty? || stuck)
    end
  end

  def take(events)
    events.each { |event| @transcript << Transcript.describe(event) }
    collect_output
  end

  def collect_output
    # A report may bring more: pongs that had to wait.
    until @held || @engine.pending_output.zero?
      output = @engine.output
      @output << output
      @engine.written(output.bytesize)
    end
  end

  # Writes what follows the events of a step.
  def end_step(error)
    @transcript << "error #{error.name.to_s.upcase}\n" if error
    return unless @engine

    @transcript << "left #{@left}\n" if @left.positive?
    collect_output
    unless @held || @output.empty?
      @transcript << "out #{VectorText.show(@output)}\n"
      @output.clear
    end
    show_changed("transport", @engine.transport.to_s.tr("_", "-"))
    show_changed("deadline", (@engine.next_deadline || "never").to_s) if @vector.has?("show", "deadline")
    show_changed("writable", @engine.writable? ? "yes" : "no") if @vector.has?("show", "writable")
    show_changed("fault", fault_text) if @vector.has?("show", "fault")
  end

  def show_changed(name, value)
    return if @shown[name] == value

    @shown[name] = value
    @transcript << "#{name} #{value}\n"
  end

  def fault_text
    fault = @engine.fault || (return "")
    words = [fault[:name]]
    words << "actual=#{fault[:actual]}" if fault[:actual].positive?
    words << "limit=#{fault[:limit]}" if fault[:limit].positive?
    words << "position=#{fault[:position]}" if fault[:position]
    words.join(" ")
  end
end
