# frozen_string_literal: true

# Replays the conformance vectors: each case as it stands, and with every receive cut into single bytes. Before that it
# compares what the binding declares with the header.
#
#   ruby vectors.rb HEADER FILE...

require_relative "player"

# What the binding repeats of sansock.h.
module Header
  module_function

  # The numbers of the header, by their names without the prefix.
  def numbers(header)
    header.scan(/^#define SANSOCK_(\w+) \(?(-?\d+)\)?$/).to_h { |name, value| [name, Integer(value)] }
  end

  # What differs.
  def differences(header)
    declared = header.gsub(%r{///.*|SANSOCK_API|\s+}, "")
    functions = Sansock::Library::FUNCTIONS.reject { |function| declared.include?("#{function.gsub(/\s+/, '')};") }
    found = numbers(header)
    functions + repeated.filter_map { |name, value| "#{name} #{value}" unless found[name] == value }
  end

  # The numbers of the binding, by the names that they have in the header.
  def repeated
    tables = {
      ROLE: Sansock::ROLES, TEXT: Sansock::TEXTS, OPTION: Sansock::OPTIONS, KIND: Sansock::KINDS, FLAG: Sansock::FLAGS,
      BLOCK: Sansock::BLOCKS, ORIGIN: numbered(Sansock::ORIGINS, 0, 1), TRANSPORT: numbered(Sansock::TRANSPORTS, 0, 1),
      STATE: numbered(Sansock::STATES, 0, 1), ERR: numbered(Sansock::ERRORS, -1, -1)
    }
    pairs = tables.flat_map { |prefix, table| table.map { |name, value| ["#{prefix}_#{name.to_s.upcase}", value] } }
    [*pairs, ["ABI_VERSION", Sansock::ABI_VERSION]]
  end

  def numbered(names, first, step) = names.each_with_index.map { |name, i| [name, first + (i * step)] }
end

header = File.read(ARGV.shift)
differences = Header.differences(header)
abort "the header has others:\n#{differences.join("\n")}" unless differences.empty?

numbers = Header.numbers(header)
results = ARGV.flat_map { |path| VectorText.read_cases(path) }.flat_map do |vector|
  ways = vector.has?("whole", "") ? [false] : [false, true]
  ways.map { |byte_by_byte| Player.new(vector, numbers, byte_by_byte: byte_by_byte).play }
end
puts "vectors: #{results.count(true)} passed, #{results.count(false)} failed"
exit results.any? && results.all?
