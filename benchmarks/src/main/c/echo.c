/*
 * The least that a server can do: one thread, one epoll, read and write. The limit that frameworks are held against. An echo; compiled with
 * -DHTTP it counts blank lines, and gives the answer of a web server for each, whatever the request, with a body of -DBODY=N bytes.
 * Prints "listening PORT"; each line on standard input is answered by "mark".
 */
#include "control.h"

enum { BUFFER = 65536, EVENTS = 1024 };

struct connection {
    int fd;
    int matched; /* of the end of a head, of what came last */
    char *rest; /* what the peer has not taken yet; while there is any, nothing more is read */
    size_t from, to;
};

static int epoll;

static void end(struct connection *c) {
    close(c->fd);
    free(c->rest);
    free(c);
}

static void interest(struct connection *c, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = c};
    if (epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &event) < 0) die("epoll_ctl");
}

#ifdef HTTP

#ifndef BODY
#define BODY 13
#endif

static char answers[(1 << 20) + BODY]; /* to the most requests that one read can have */
static size_t one;

static void prepare(void) {
    static const char text[] = "Hello, World!";
    int head = snprintf(answers, sizeof answers,
        "HTTP/1.1 200 OK\r\nDate: Sat, 28 Nov 2026 12:00:00 GMT\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n", BODY);
    for (size_t at = 0; at < BODY; at++) answers[head + at] = text[at % (sizeof text - 1)];
    one = head + BODY;
    for (size_t at = one; at + one <= sizeof answers; at += one) memcpy(answers + at, answers, one);
}

static ssize_t answer_to(struct connection *c, char **bytes, ssize_t n) {
    static const char end_of_head[] = "\r\n\r\n";
    size_t requests = 0;
    int matched = c->matched;
    for (const char *at = *bytes, *end = at + n; at < end; at++) {
        if (matched == 0) {
            at = memchr(at, '\r', end - at);
            if (at == NULL) break;
            matched = 1;
        } else if (*at != end_of_head[matched]) {
            matched = *at == '\r';
        } else if (++matched == 4) {
            requests++;
            matched = 0;
        }
    }
    c->matched = matched;
    if (requests * one > sizeof answers) die("more requests in a read than there are answers for");
    *bytes = answers;
    return requests * one;
}

#else

static void prepare(void) {}

static ssize_t answer_to(struct connection *c, char **bytes, ssize_t n) {
    (void)c, (void)bytes;
    return n;
}

#endif

static void readable(struct connection *c) {
    static char buffer[BUFFER];
    ssize_t n = recv(c->fd, buffer, BUFFER, 0);
    if (n <= 0) {
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
        end(c);
        return;
    }
    char *answer = buffer;
    ssize_t length = answer_to(c, &answer, n);
    if (length == 0) return;
    ssize_t sent = send(c->fd, answer, length, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) {
        end(c);
        return;
    }
    if (sent < 0) sent = 0;
    if (sent < length) {
        c->rest = malloc(length - sent);
        if (c->rest == NULL) die("malloc");
        memcpy(c->rest, answer + sent, length - sent);
        c->from = 0;
        c->to = length - sent;
        interest(c, EPOLLOUT);
    }
}

static void writable(struct connection *c) {
    ssize_t sent = send(c->fd, c->rest + c->from, c->to - c->from, MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno != EAGAIN && errno != EINTR) end(c);
        return;
    }
    c->from += sent;
    if (c->from == c->to) {
        free(c->rest);
        c->rest = NULL;
        interest(c, EPOLLIN);
    }
}

static void accept_all(int listener) {
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) return;
            die("accept");
        }
        no_delay(fd);
        struct connection *c = calloc(1, sizeof *c);
        if (c == NULL) die("malloc");
        c->fd = fd;
        watch(epoll, fd, EPOLLIN, c);
    }
}

int main(void) {
    raise_descriptors();
    prepare();
    epoll = epoll_create1(EPOLL_CLOEXEC);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    if (epoll < 0 || listener < 0 || bind(listener, (struct sockaddr *)&address, length) < 0
        || listen(listener, 4096) < 0 || getsockname(listener, (struct sockaddr *)&address, &length) < 0)
        die("listen");
    static char is_listener, is_control; /* marks, told apart from connections by their address */
    watch(epoll, listener, EPOLLIN, &is_listener);
    watch(epoll, 0, EPOLLIN, &is_control);
    printf("listening %d\n", ntohs(address.sin_port));
    fflush(stdout);

    static struct epoll_event events[EVENTS];
    for (;;) {
        int n = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            void *data = events[i].data.ptr;
            if (data == &is_listener) {
                accept_all(listener);
            } else if (data == &is_control) {
                for (int lines = control_lines(); lines > 0; lines--) puts("mark");
                fflush(stdout);
            } else {
                struct connection *c = data;
                if (c->rest != NULL) writable(c);
                else readable(c);
            }
        }
    }
}
