//! Numeric options by the names that they have in every language.

use sansock::ConfigBuilder;

use super::drive::ms;

macro_rules! setters {
    ($config:ident, $name:ident, $value:ident: $($option:ident($argument:expr))*) => {
        match $name {
            $(stringify!($option) => $config.$option($argument),)*
            other => panic!("an unknown option: {other}"),
        }
    };
}

/// Sets an option. A switch takes 0 or 1.
pub(crate) fn set(config: ConfigBuilder, name: &str, value: u64) -> ConfigBuilder {
    let on = value == 1;
    let level = || u8::try_from(value).expect("a small number");
    setters! { config, name, value:
        start_open(on)
        max_message_size(value)
        max_frame_size(value)
        max_head_size(value)
        max_line_size(value)
        max_headers(value)
        max_body_size(value)
        output_soft_limit(value)
        output_hard_limit(value)
        max_fragments(value)
        write_timeout(ms(value))
        deliver_http(on)
        frames(on)
        auto_fail(on)
        close_reason(on)
        secure(on)
        handshake_timeout(ms(value))
        close_timeout(ms(value))
        ping_interval(ms(value))
        pong_timeout(ms(value))
        parts(on)
        auto_pong(on)
        auto_close(on)
        require_pong(on)
        receive_while_closing(on)
        allow_non_minimal_length(on)
        deflate(on)
        server_no_context_takeover(on)
        client_no_context_takeover(on)
        server_max_window_bits(level())
        client_max_window_bits(level())
        deflate_level(level())
        deflate_mem_level(level())
        deflate_threshold(value)
    }
}
