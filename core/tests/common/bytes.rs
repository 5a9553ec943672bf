//! Bytes as the vectors write them (`core/vectors/README.md`).

/// Reads atoms: runs of hexadecimal digits and quoted strings, each perhaps repeated.
pub(crate) fn parse(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (atom, after) =
            if let Some(quoted) = rest.strip_prefix('"') { quoted_atom(quoted)? } else { hex_atom(rest)? };
        let (times, after) = match after.strip_prefix('*') {
            Some(count) => {
                let end = count.find(|digit: char| !digit.is_ascii_digit()).unwrap_or(count.len());
                (count[..end].parse().map_err(|_| format!("bad repetition: {count}"))?, &count[end..])
            }
            None => (1, after),
        };
        bytes.extend(atom.repeat(times));
        if !after.is_empty() && !after.starts_with(char::is_whitespace) {
            return Err(format!("atoms must be apart: {after}"));
        }
        rest = after.trim_start();
    }
    Ok(bytes)
}

fn hex_atom(text: &str) -> Result<(Vec<u8>, &str), String> {
    let end = text.find(|digit: char| !digit.is_ascii_hexdigit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    if digits.is_empty() || digits.len() % 2 != 0 {
        return Err(format!("not bytes: {text}"));
    }
    let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).map_err(|error| error.to_string());
    Ok(((0..digits.len()).step_by(2).map(byte).collect::<Result<_, _>>()?, rest))
}

fn quoted_atom(text: &str) -> Result<(Vec<u8>, &str), String> {
    let mut bytes = Vec::new();
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        bytes.push(match char {
            '"' => return Ok((bytes, &text[at + 1..])),
            '\\' => match chars.next().map(|(_, escape)| escape) {
                Some('r') => b'\r',
                Some('n') => b'\n',
                Some('t') => b'\t',
                Some(same @ ('"' | '\\')) => same as u8,
                Some('x') => {
                    let digits = text.get(at + 2..at + 4).ok_or("unfinished escape")?;
                    chars.next();
                    chars.next();
                    u8::from_str_radix(digits, 16).map_err(|_| format!("bad escape: \\x{digits}"))?
                }
                _ => return Err(format!("bad escape in: {text}")),
            },
            ' '..='~' => char as u8,
            _ => return Err(format!("must be escaped: {char:?}")),
        });
    }
    Err(format!("unfinished string: {text}"))
}

/// Writes bytes as a transcript does: one quoted string, or length and hash when there are many.
pub(crate) fn show(bytes: &[u8]) -> String {
    if bytes.len() > 512 {
        return format!("bytes {} fnv1a={:08x}", bytes.len(), fnv1a(bytes));
    }
    let mut text = String::from("\"");
    for byte in bytes {
        match byte {
            b'"' | b'\\' => text.extend(['\\', char::from(*byte)]),
            b'\r' => text.push_str("\\r"),
            b'\n' => text.push_str("\\n"),
            b'\t' => text.push_str("\\t"),
            b' '..=b'~' => text.push(char::from(*byte)),
            _ => text.push_str(&format!("\\x{byte:02x}")),
        }
    }
    text.push('"');
    text
}

fn fnv1a(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}
