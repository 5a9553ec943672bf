/* Tunnels through proxies: what is refused, what the block says, and what remains for the next layer. */
#include "connect.h"

static sansock_tunnel_config *config_of(const char *proxy, const char *host) {
    sansock_tunnel_config *config = NULL;
    sansock_tunnel_config_new(proxy, strlen(proxy), host, strlen(host), 443, &config);
    return config;
}

static sansock_tunnel *tunnel_through(const char *proxy) {
    sansock_tunnel *tunnel = NULL;
    sansock_tunnel_config *config = config_of(proxy, "example.com");
    CHECK_EQUAL(sansock_tunnel_new(config, 5, &tunnel), SANSOCK_OK);
    sansock_tunnel_config_free(config);
    return tunnel;
}

static void urls_of_proxies_are_parsed(void) {
    const char *url = "https://me:p%40ss@[::1]:8443/";
    sansock_proxy proxy;
    CHECK_EQUAL(sansock_proxy_parse(url, strlen(url), &proxy), SANSOCK_OK);
    CHECK_BYTES(url + proxy.host_offset, proxy.host_len, "::1");
    CHECK_EQUAL(proxy.port, 8443);
    CHECK(proxy.secure == 1 && proxy.resolves_names == 1);
    CHECK_EQUAL(sansock_proxy_parse(LITERAL("socks5://a"), &proxy), SANSOCK_OK);
    CHECK_EQUAL(proxy.port, 1080);
    CHECK(proxy.secure == 0 && proxy.resolves_names == 0);
    CHECK_EQUAL(sansock_proxy_parse(LITERAL("ws://a"), &proxy), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_proxy_parse(LITERAL("http://\xff"), &proxy), SANSOCK_ERR_INVALID_ARGUMENT);
}

static void configurations_are_checked(void) {
    CHECK(config_of("socks5://a", "example.com") == NULL);
    CHECK(config_of("socks4a://a", "::1") == NULL);
    CHECK(config_of("http://a", "b c") == NULL);
    sansock_tunnel_config *config = config_of("http://me@a", "b");
    CHECK_EQUAL(sansock_tunnel_config_set(config, SANSOCK_OPTION_HANDSHAKE_TIMEOUT, 0), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_tunnel_config_set(config, SANSOCK_OPTION_PARTS, 1), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_tunnel_config_set(config, 999, 1), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_tunnel_config_add_header(config, LITERAL("Host"), LITERAL("c")), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_tunnel_config_add_header(config, LITERAL("Proxy-Authorization"), LITERAL("c")),
                SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_tunnel_config_set(config, SANSOCK_OPTION_HANDSHAKE_TIMEOUT, 100), SANSOCK_OK);
    CHECK_EQUAL(sansock_tunnel_config_add_header(config, LITERAL("User-Agent"), LITERAL("c/1")), SANSOCK_OK);
    sansock_tunnel *tunnel = NULL;
    CHECK_EQUAL(sansock_tunnel_new(config, 5, &tunnel), SANSOCK_OK);
    sansock_tunnel_config_free(config);
    const sansock_block *b = sansock_tunnel_block(tunnel);
    CHECK_BYTES(b->output, b->output_len, "CONNECT b:443 HTTP/1.1\r\nHost: b:443\r\nProxy-Authorization: Basic bWU6\r\n"
                                          "User-Agent: c/1\r\n\r\n");
    CHECK_EQUAL(b->next_deadline, 105);
    sansock_tunnel_free(tunnel);
}

static void what_follows_the_answer_is_left(void) {
    sansock_tunnel *tunnel = tunnel_through("http://a");
    const sansock_block *b = sansock_tunnel_block(tunnel);
    CHECK_EQUAL(b->state, SANSOCK_STATE_CONNECTING);
    CHECK_EQUAL(b->transport, SANSOCK_TRANSPORT_OPEN);
    CHECK(sansock_block_is_writable(b) && !sansock_block_has_more(b) && !sansock_block_may_defer_written(b));
    CHECK_EQUAL(sansock_tunnel_written(tunnel, b->output_len + 1), SANSOCK_ERR_INVALID_ARGUMENT);
    CHECK_EQUAL(sansock_tunnel_written(tunnel, b->output_len), SANSOCK_OK);
    CHECK_EQUAL(b->output_len, 0);
    static const char answer[] = "HTTP/1.1 200 OK\r\nVia: b\r\n\r\nnext";
    uint8_t *input = copy_of(LITERAL(answer));
    CHECK_EQUAL(sansock_tunnel_receive(tunnel, input, sizeof answer - 1, 6), SANSOCK_OK);
    free(input); /* no event refers to it */
    CHECK_EQUAL(b->consumed, sizeof answer - 1 - 4);
    CHECK_EQUAL(b->event_count, 2);
    CHECK_EQUAL(b->events[0].kind, SANSOCK_KIND_OPEN);
    size_t len;
    const char *value = sansock_record_header_value(b, &b->events[1], &len);
    CHECK_BYTES(value, len, "b");
    CHECK_EQUAL(b->state, SANSOCK_STATE_OPEN);
    CHECK_EQUAL(b->next_deadline, SANSOCK_NEVER);
    CHECK_EQUAL(sansock_tunnel_receive(tunnel, (const uint8_t *)"next", 4, 6), SANSOCK_OK);
    CHECK_EQUAL(b->consumed, 0);
    CHECK_EQUAL(b->event_count, 0);
    CHECK_EQUAL(sansock_tunnel_receive_eof(tunnel, 7), SANSOCK_OK);
    CHECK_EQUAL(b->event_count, 0);
    CHECK_EQUAL(b->transport, SANSOCK_TRANSPORT_OPEN);
    sansock_tunnel_free(tunnel);
}

static void a_refusal_has_a_code(void) {
    sansock_tunnel *tunnel = tunnel_through("socks5h://a");
    const sansock_block *b = sansock_tunnel_block(tunnel);
    static const uint8_t answer[] = {5, 0, 5, 5, 0, 1, 0, 0, 0, 0, 0, 0};
    size_t len;
    CHECK_EQUAL(strlen(sansock_tunnel_fault_text(tunnel, NULL)), 0);
    CHECK_EQUAL(sansock_tunnel_receive(tunnel, answer, sizeof answer, 6), SANSOCK_OK);
    CHECK_EQUAL(b->event_count, 2);
    CHECK_EQUAL(sansock_record_http_status(&b->events[0]), 5);
    CHECK_EQUAL(sansock_record_fault(&b->events[1]), b->fault);
    CHECK_EQUAL(strcmp(sansock_fault_name(b->fault), "TUNNEL_REFUSED"), 0);
    CHECK_EQUAL(strcmp(sansock_tunnel_fault_text(tunnel, &len), "the proxy refused the tunnel: 5"), 0);
    CHECK_EQUAL(len, 31);
    CHECK_EQUAL(b->transport, SANSOCK_TRANSPORT_CLOSE);
    CHECK_EQUAL(b->output_len, 0);
    sansock_tunnel_free(tunnel);
}

static void time_passes(void) {
    sansock_tunnel *tunnel = tunnel_through("socks4a://a");
    const sansock_block *b = sansock_tunnel_block(tunnel);
    CHECK_EQUAL(sansock_tunnel_timeout(tunnel, b->next_deadline - 1), SANSOCK_OK);
    CHECK_EQUAL(b->event_count, 0);
    CHECK_EQUAL(sansock_tunnel_timeout(tunnel, b->next_deadline), SANSOCK_OK);
    CHECK_EQUAL(b->event_count, 1);
    CHECK_EQUAL(strcmp(sansock_fault_name(b->fault), "TUNNEL_TIMEOUT"), 0);
    sansock_tunnel_free(tunnel);
}

int main(void) {
    urls_of_proxies_are_parsed();
    configurations_are_checked();
    what_follows_the_answer_is_left();
    a_refusal_has_a_code();
    time_passes();
    return check_end("tunnel");
}
