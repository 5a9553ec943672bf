# frozen_string_literal: true

# The text of the conformance vectors (core/vectors/README.md).
module VectorText
  Step = Struct.new(:line, :call, :rest, :expected)

  # A conversation with one connection.
  Case = Struct.new(:file, :name, :settings, :steps) do
    def all(name) = settings.filter_map { |setting, value| value if setting == name }
    def has?(name, value) = settings.include?([name, value])
  end

  ATOM = /\G(?:"((?:[^"\\]|\\.)*)"|(\h+))(?:\*(\d+))?(?:\s+|\z)/n
  ESCAPE = /\\(?:x(\h\h)|(.))/n
  ESCAPED = { "r" => "\r", "n" => "\n", "t" => "\t", '"' => '"', "\\" => "\\" }.freeze
  SHOWN = { "\r" => '\r', "\n" => '\n', "\t" => '\t', '"' => '\"', "\\" => "\\\\" }.freeze

  module_function

  def read_cases(path)
    cases = []
    File.binread(path).each_line.with_index(1) do |line, number|
      word, rest = cut_word(line.strip)
      next if word.empty? || word.start_with?("#")

      if word == "case"
        cases << Case.new(File.basename(path), rest, [], [])
      elsif word == ">"
        cases.last.steps << Step.new(number, *cut_word(rest), +"")
      elsif cases.last.steps.empty?
        cases.last.settings << [word, rest]
      else
        cases.last.steps.last.expected << line.strip << "\n"
      end
    end
    cases
  end

  def cut_word(line)
    word, rest = line.split(/\s+/, 2)
    [word || "", rest || ""]
  end

  # The values of the atoms in a text.
  def atoms(text)
    found = []
    position = 0
    while position < text.bytesize
      match = ATOM.match(text, position) || raise("not an atom: #{text[position..]}")
      value = match[2] ? [match[2]].pack("H*") : unescape(match[1])
      found << (value * (match[3] || 1).to_i)
      position = match.end(0)
    end
    found
  end

  def bytes(text) = atoms(text).join

  def unescape(quoted)
    quoted.gsub(ESCAPE) { Regexp.last_match(1)&.hex&.chr&.b || ESCAPED.fetch(Regexp.last_match(2)) }
  end

  # Bytes as a transcript shows them.
  def show(data)
    data = data.b
    if data.bytesize > 512
      hash = data.each_byte.reduce(0x811c9dc5) { |fnv, byte| ((fnv ^ byte) * 0x01000193) & 0xffff_ffff }
      return format("bytes %<size>d fnv1a=%<hash>08x", size: data.bytesize, hash: hash)
    end
    "\"#{data.gsub(/[^ !#-\[\]-~]/n) { |byte| SHOWN[byte] || format('\x%02x', byte.ord) }}\""
  end
end
