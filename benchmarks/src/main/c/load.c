/*
 * The load of the benchmarks of servers, the same for every one:
 *
 *   load closed PORT SECONDS SIZE CONNECTIONS IN_FLIGHT   each connection keeps IN_FLIGHT messages in flight
 *   load rate   PORT SECONDS SIZE CONNECTIONS PER_SECOND  at a fixed rate; times count from when a message was due
 *   load churn  PORT SECONDS SIZE CONNECTIONS             connect, one message, close; so many at a time
 *   load hold   PORT SECONDS SIZE CONNECTIONS             one message each, then silence
 *   load resume PORT SECONDS SIZE CONNECTIONS             churn with TLS, each connection resuming the session of an earlier one
 *
 * Compiled with -DTLS all of it goes over TLS 1.3, by OpenSSL; the server's certificate is not looked at.
 *
 * A message is an echo of SIZE bytes. With a path for SIZE, such as /plaintext, it is a GET of HTTP/1.1, and its answer: the first one of
 * a connection has to be "200" with a Content-Length; those after it as long as that, and each to begin with the same status line. With ws:SIZE
 * it is a binary frame of WebSocket with so many bytes in it, masked, and the same without a mask comes back.
 *
 * Prints "ready" once every connection has had one message back and compared it byte by byte. From then on each line on standard
 * input is answered by "mark count=N ns=CLOCK late=N waiting=N kept=N connections=N silent=N latency=VALUE:COUNT,...".
 *
 *   count    messages that have come back, since the start
 *   late     messages that could not leave when they were due, since the start (rate)
 *   waiting  messages that have no answer now (rate)
 *   kept     messages that are kept in flight on all connections together (closed)
 *   silent   connections that have had no message since the last mark (closed, rate)
 *   latency  of the messages that were due since the last mark and have come back (rate)
 *
 * Ends with standard input, and after SECONDS in any case.
 */
#include "control.h"
#ifdef TLS
#include <openssl/err.h>
#include <openssl/ssl.h>
#endif

enum { BUFFER = 1 << 19, EVENTS = 1024, DUE = 1 << 14, LATE = 1000000 /* ns */ };

struct connection {
    int fd;
    size_t got;     /* bytes of the message that is coming in */
    size_t owed;    /* bytes still to be sent */
    size_t offset;  /* where in the message sending goes on */
    int wants_write;
    int connecting; /* churn: the message is still to be sent */
    int heard;      /* since the last mark */
#ifdef TLS
    SSL *ssl;
#endif
    int64_t *due;   /* rate: when each message in flight was due, in a ring */
    uint32_t first, last;
};

static int epoll, port;
static size_t size;   /* of what is sent */
static size_t answer; /* of what comes back; 0 as long as that is not known */
static const char *path; /* of what is asked for by HTTP; NULL for an echo */
static const char *opening; /* of a WebSocket; NULL for anything else */
static const char OK[] = "HTTP/1.1 200";
static char pattern[2 * BUFFER]; /* the message, again and again */
static char incoming[BUFFER + 1]; /* and an end for printing */
static char unmasked[BUFFER]; /* the frame that a WebSocket sends back */
static uint64_t count, late;
static int64_t deadline;
static struct connection *all; /* where they stay open; NULL in a churn */
static int connections;
static int in_flight = 1; /* on each */

/* --- latencies: counts in buckets of a thousandth, as HdrHistogram has them ------------------------------- */

static uint64_t buckets[56 * 1024];

static int bucket_of(uint64_t v) {
    if (v < 2048) return (int)v;
    int shift = 63 - __builtin_clzll(v) - 10;
    return shift * 1024 + (int)(v >> shift);
}

static uint64_t value_of(int bucket) {
    if (bucket < 2048) return bucket;
    int shift = bucket / 1024 - 1;
    return ((uint64_t)(bucket - shift * 1024) << shift) + ((1ull << shift) >> 1);
}

static int64_t from; /* messages due earlier belong to an earlier mark */

static void mark(void) {
    uint64_t waiting = 0;
    int silent = 0;
    for (int i = 0; all != NULL && i < connections; i++) {
        waiting += all[i].last - all[i].first;
        silent += !all[i].heard;
        all[i].heard = 0;
    }
    printf("mark count=%llu ns=%lld late=%llu waiting=%llu kept=%d connections=%d silent=%d latency=", (unsigned long long)count,
           (long long)now_ns(), (unsigned long long)late, (unsigned long long)waiting, connections * in_flight, connections, silent);
    const char *comma = "";
    for (int i = 0; i < (int)(sizeof buckets / sizeof *buckets); i++) {
        if (buckets[i] == 0) continue;
        printf("%s%llu:%llu", comma, (unsigned long long)value_of(i), (unsigned long long)buckets[i]);
        comma = ",";
        buckets[i] = 0;
    }
    puts("");
    fflush(stdout);
    from = now_ns(); /* writing all that took a while, which the server is not to blame for */
}

/* --- bytes, in the clear or over TLS ---------------------------------------------------------------------- */

#ifdef TLS

static SSL_CTX *context;
static SSL_SESSION *session; /* the latest, once there is one */
static int resuming;

static int keep_session(SSL *ssl, SSL_SESSION *fresh) {
    (void)ssl;
    SSL_SESSION_free(session);
    session = fresh;
    return 1;
}

static void begin_tls(void) {
    context = SSL_CTX_new(TLS_client_method());
    if (context == NULL || !SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION)) die("OpenSSL");
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_default_read_buffer_len(context, BUFFER);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, keep_session);
}

/* What OpenSSL's calls say, as the system's do. */
static ssize_t result(struct connection *c, int n) {
    if (n > 0) return n;
    switch (SSL_get_error(c->ssl, n)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: errno = EAGAIN; return -1;
    case SSL_ERROR_ZERO_RETURN: return 0;
    default: ERR_print_errors_fp(stderr); die("TLS"); return -1;
    }
}

static ssize_t put(struct connection *c, const void *data, size_t n) { return result(c, SSL_write(c->ssl, data, (int)n)); }

static ssize_t get(struct connection *c, void *data, size_t n) { return result(c, SSL_read(c->ssl, data, (int)n)); }

static void secure(struct connection *c) {
    c->ssl = SSL_new(context);
    if (c->ssl == NULL || !SSL_set_fd(c->ssl, c->fd)) die("OpenSSL");
    SSL_set_tlsext_host_name(c->ssl, "localhost");
    if (resuming && session != NULL) SSL_set_session(c->ssl, session);
    SSL_set_connect_state(c->ssl);
}

/* Whether it is done; if not, the connection waits for what the handshake needs. */
static int shake_hands(struct connection *c) {
    static uint64_t anew;
    if (result(c, SSL_do_handshake(c->ssl)) < 0) return 0;
    /* A server on the JDK's engine forgets what it needs for that when the collector clears soft references. */
    if (resuming && !SSL_session_reused(c->ssl) && ++anew > 20 + count / 50) {
        fprintf(stderr, "the server did not resume %llu sessions, and did %llu\n", (unsigned long long)anew,
                (unsigned long long)count);
        exit(1);
    }
    return 1;
}

static void end(struct connection *c) {
    SSL_shutdown(c->ssl);
    SSL_free(c->ssl);
    close(c->fd);
}

enum { WHOLE_READS = 0 }; /* a call takes or gives one record; more may be waiting in OpenSSL's buffer */

#else

static void begin_tls(void) {}
static ssize_t put(struct connection *c, const void *data, size_t n) { return send(c->fd, data, n, MSG_NOSIGNAL); }
static ssize_t get(struct connection *c, void *data, size_t n) { return recv(c->fd, data, n, 0); }
static void secure(struct connection *c) { (void)c; }
static int shake_hands(struct connection *c) { (void)c; return 1; }
static void end(struct connection *c) { close(c->fd); }

enum { WHOLE_READS = 1 };

#endif

/* --- one connection --------------------------------------------------------------------------------------- */

static struct sockaddr_in server(void) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return address;
}

static int open_socket(int flags) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    if (fd < 0) die("socket");
    no_delay(fd);
    return fd;
}

static void refuse(const char *what) {
    fprintf(stderr, "%s: %.300s\n", what, path != NULL ? incoming : "");
    exit(1);
}

/* How long the answer at the beginning of what has come in is, head included; 0 if its head is not all there. */
static size_t length_of_answer(size_t got) {
    char *end = memmem(incoming, got, "\r\n\r\n", 4);
    if (end == NULL) return 0;
    if (strncmp(incoming, OK, strlen(OK)) != 0) refuse("not an answer of 200");
    static const char name[] = "\r\ncontent-length:";
    for (char *at = incoming; at < end; at++) {
        if (strncasecmp(at, name, strlen(name)) == 0) return end + 4 - incoming + strtoul(at + strlen(name), NULL, 10);
    }
    refuse("an answer without a Content-Length");
    return 0;
}

static void put_all(struct connection *c, const char *data, size_t n) {
    for (size_t sent = 0; sent < n;) {
        ssize_t more = put(c, data + sent, n - sent);
        if (more <= 0) die("send");
        sent += more;
    }
}

static void open_websocket(struct connection *c) {
    put_all(c, opening, strlen(opening));
    for (size_t got = 0; memmem(incoming, got, "\r\n\r\n", 4) == NULL;) {
        ssize_t n = get(c, incoming + got, BUFFER - got);
        if (n <= 0) die("the answer to a WebSocket's request");
        got += n;
        incoming[got] = 0;
    }
    if (strncmp(incoming, "HTTP/1.1 101", 12) != 0) refuse("no WebSocket");
}

/* A connection that has had a message back: the same that it sent, or an answer to it. */
static void open_checked(struct connection *c) {
    struct sockaddr_in address = server();
    c->fd = open_socket(0);
    struct timeval patience = {.tv_sec = 10};
    setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(c->fd, (struct sockaddr *)&address, sizeof address) < 0) die("connect");
    secure(c);
    if (opening != NULL) open_websocket(c);
    put_all(c, pattern, size);
    for (size_t got = 0; answer == 0 || got < answer;) {
        /* Of a long answer of HTTP, the head is kept. */
        size_t kept = path == NULL || got < BUFFER / 2 ? got : BUFFER / 2;
        size_t room = BUFFER - kept;
        ssize_t n = get(c, incoming + kept, answer != 0 && answer - got < room ? answer - got : room);
        if (n <= 0) die("the first answer");
        got += n;
        incoming[kept + n] = 0;
        if (answer == 0) answer = length_of_answer(kept + n);
        if (answer != 0 && got > answer) refuse("the first answer is longer than it says");
    }
    const char *echo = opening != NULL ? unmasked : pattern;
    if (path != NULL ? length_of_answer(BUFFER / 2) != answer : memcmp(incoming, echo, answer) != 0)
        refuse("the answer is not what was asked for");
    unblock(c->fd);
}

static void interest(struct connection *c, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = c};
    if (epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &event) < 0) die("epoll_ctl");
}

static void send_owed(struct connection *c) {
    while (c->owed > 0) {
        size_t part = c->owed < BUFFER ? c->owed : BUFFER;
        ssize_t n = put(c, pattern + c->offset, part);
        if (n < 0) {
            if (errno == EINTR) continue;
            if (errno != EAGAIN) die("send");
            break;
        }
        c->owed -= n;
        c->offset = (c->offset + n) % size;
        if (WHOLE_READS && (size_t)n < part) break;
    }
    int wants = c->owed > 0;
    if (wants != c->wants_write) {
        c->wants_write = wants;
        interest(c, wants ? EPOLLIN | EPOLLOUT : EPOLLIN);
    }
}

/* Every answer that begins in the bytes that have come in begins as it should. */
static void check_answers(struct connection *c, size_t n) {
    for (size_t at = c->got == 0 ? 0 : answer - c->got; at + strlen(OK) <= n; at += answer) {
        if (memcmp(incoming + at, OK, strlen(OK)) != 0) refuse("answers of another length, or not of 200");
    }
}

/* Takes what has come; returns how many messages that completed. */
static size_t take(struct connection *c) {
    do {
        ssize_t n = get(c, incoming, BUFFER);
        if (n < 0) {
            if (errno == EAGAIN || errno == EINTR) break;
            die("recv");
        }
        if (n == 0) {
            fprintf(stderr, "the server closed a connection\n");
            exit(1);
        }
        if (path != NULL) check_answers(c, n);
        c->got += n;
    } while (!WHOLE_READS);
    size_t messages = c->got / answer;
    c->got %= answer;
    c->heard |= messages > 0;
    count += messages;
    return messages;
}

static struct connection *room_for_all(void) {
    struct connection *room = calloc(connections, sizeof *room);
    if (room == NULL) die("malloc");
    return room;
}

static void open_all(void) {
    all = room_for_all();
    for (int i = 0; i < connections; i++) {
        open_checked(&all[i]);
        watch(epoll, all[i].fd, EPOLLIN, &all[i]);
    }
}

/* --- the loop --------------------------------------------------------------------------------------------- */

static void ready(void) {
    watch(epoll, 0, EPOLLIN, NULL);
    puts("ready");
    fflush(stdout);
}

/* Waits for events and gives each to its connection; standard input is dealt with here. */
static void turn(int timeout_ms, void (*handle)(struct connection *, uint32_t)) {
    static struct epoll_event events[EVENTS];
    int n = epoll_wait(epoll, events, EVENTS, timeout_ms);
    for (int i = 0; i < n; i++) {
        if (events[i].data.ptr != NULL) {
            handle(events[i].data.ptr, events[i].events);
        } else {
            for (int lines = control_lines(); lines > 0; lines--) mark();
        }
    }
    if (now_ns() > deadline) exit(3);
}

static void answer_at_once(struct connection *c, uint32_t events) {
    if (events & ~EPOLLOUT) c->owed += take(c) * size;
    send_owed(c);
}

static void closed(void) {
    open_all();
    ready();
    for (int i = 0; i < connections; i++) {
        all[i].owed = in_flight * size;
        send_owed(&all[i]);
    }
    for (;;) turn(1000, answer_at_once);
}

static void note_latency(struct connection *c, uint32_t events) {
    if (events & ~EPOLLOUT) {
        size_t messages = take(c);
        int64_t now = now_ns();
        for (; messages > 0; messages--) {
            int64_t due = c->due[c->first++ % DUE];
            if (due >= from) buckets[bucket_of(now - due)]++;
        }
    }
    if (c->owed > 0) send_owed(c);
}

/* Never sleeps, so that a message leaves when it is due. */
static void rate(double per_second) {
    open_all();
    for (int i = 0; i < connections; i++) {
        all[i].due = malloc(DUE * sizeof(int64_t));
        if (all[i].due == NULL) die("malloc");
    }
    ready();
    double interval = 1e9 / per_second, next = now_ns();
    for (int i = 0;;) {
        int64_t now = now_ns();
        for (int burst = 0; next <= now && burst < 256; burst++) {
            struct connection *c = &all[i];
            i = i + 1 == connections ? 0 : i + 1;
            int full = c->last - c->first == DUE; /* hopelessly behind: this one never leaves */
            if (full || now - next > LATE || c->owed > 0) late++;
            if (!full) {
                c->due[c->last++ % DUE] = (int64_t)next;
                c->owed += size;
                send_owed(c);
            }
            next += interval;
        }
        turn(0, note_latency);
    }
}

/* From changing addresses of this machine, so that ports in TIME_WAIT don't run out. */
static void dial(struct connection *c) {
    static uint32_t turn_of;
    struct sockaddr_in source = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000002 + turn_of++ % 200)};
    struct sockaddr_in to = server();
    int on = 1;
    c->fd = open_socket(SOCK_NONBLOCK);
    c->got = 0;
    c->connecting = 1;
    if (setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) < 0
        || bind(c->fd, (struct sockaddr *)&source, sizeof source) < 0)
        die("bind");
    if (connect(c->fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS) die("connect");
    secure(c);
    watch(epoll, c->fd, EPOLLOUT, c);
}

static void one_message(struct connection *c, uint32_t events) {
    (void)events;
    if (c->connecting) {
        if (shake_hands(c)) {
            if (put(c, pattern, size) != (ssize_t)size) die("send on a new connection");
            c->connecting = 0;
        }
        interest(c, EPOLLIN);
    } else if (take(c) > 0) {
        end(c);
        dial(c);
    }
}

static void churn(void) {
    struct connection first = {0};
    open_checked(&first);
    end(&first);
    struct connection *changing = room_for_all();
    for (int i = 0; i < connections; i++) dial(&changing[i]);
    ready();
    for (;;) turn(1000, one_message);
}

static void surprised(struct connection *c, uint32_t events) {
    (void)events;
    if (take(c) == 0 && !WHOLE_READS) return; /* tickets */
    fprintf(stderr, "the server said something unasked\n");
    exit(1);
}

static void hold(void) {
    open_all();
    ready();
    for (;;) turn(1000, surprised);
}

/* RFC 6455, 5.2: final, binary; a length in one byte, or in two after a 126. Gives the length of its head. */
static size_t frame(char *to, size_t payload, const char *mask) {
    size_t head = 2;
    to[0] = (char)0x82;
    if (payload < 126) {
        to[1] = (char)payload;
    } else {
        to[1] = 126;
        to[2] = (char)(payload >> 8);
        to[3] = (char)payload;
        head = 4;
    }
    if (mask != NULL) {
        to[1] |= (char)0x80;
        memcpy(to + head, mask, 4);
        head += 4;
    }
    for (size_t i = 0; i < payload; i++) to[head + i] = (char)((i * 31 + 7) ^ (mask != NULL ? mask[i % 4] : 0));
    return head;
}

int main(int argc, char **argv) {
    if (argc < 6) {
        fprintf(stderr, "usage: load closed|rate|churn|resume|hold PORT SECONDS SIZE|/PATH|ws:SIZE CONNECTIONS [IN_FLIGHT|PER_SECOND]\n");
        return 2;
    }
    const char *mode = argv[1], *last = argc > 6 ? argv[6] : "1";
    port = atoi(argv[2]);
    deadline = now_ns() + atoll(argv[3]) * 1000000000;
    static char request[BUFFER];
    if (strncmp(argv[4], "ws:", 3) == 0) {
        size_t payload = atoi(argv[4] + 3);
        if (payload < 1 || payload > 65535) return 2;
        opening = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
        size = payload + frame(request, payload, "\x12\x34\x56\x78");
        answer = payload + frame(unmasked, payload, NULL);
    } else if (argv[4][0] == '/') {
        path = argv[4];
        size = snprintf(request, sizeof request,
            "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: load\r\nAccept: */*\r\n\r\n", path, port);
        if (size >= sizeof request) return 2;
    } else {
        size = answer = atoi(argv[4]);
    }
    connections = atoi(argv[5]);
    if (size < 1 || size > BUFFER || connections < 1) {
        fprintf(stderr, "load: a size from 1 to %d and at least one connection, please\n", BUFFER);
        return 2;
    }
    for (size_t i = 0; i < sizeof pattern; i++) pattern[i] = path != NULL || opening != NULL ? request[i % size] : (char)(i % size * 31 + 7);
    raise_descriptors();
    begin_tls();
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0) die("epoll");
    in_flight = strcmp(mode, "closed") == 0 ? atoi(last) : 1;
    if (strcmp(mode, "closed") == 0) closed();
    if (strcmp(mode, "rate") == 0) rate(atof(last));
#ifdef TLS
    resuming = strcmp(mode, "resume") == 0;
    if (resuming) churn();
#endif
    if (strcmp(mode, "churn") == 0) churn();
    if (strcmp(mode, "hold") == 0) hold();
    fprintf(stderr, "load: no such mode: %s\n", mode);
    return 2;
}
