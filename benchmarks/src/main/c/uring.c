/*
 * The least that an echo server on io_uring can do: one thread, one ring, one enter for all that is to be done. Connections are accepted and
 * bytes received by requests that go on until they fail; what has come is copied to its connection and sent from there, one send at a time.
 * Prints "listening PORT", or "unavailable REASON"; each line on standard input is answered by "mark".
 */
#include "control.h"

#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>

/* Of headers that are older than the kernel. */
#define SETUP_NO_SQARRAY (1U << 16)
#define RING_INCREMENTAL 2
#define CQE_BUF_MORE (1U << 4)

enum { REQUESTS = 1024, ANSWERS = 8192, BUFFERS = 16, BUFFER = 65536 };
enum { ACCEPT, CONTROL, RECEIVE, SEND }; /* in the lowest bits of what a request is given */

struct connection {
    int fd;
    int under_way; /* requests */
    int closed;
    char *out[2]; /* what is being sent, and what comes next */
    size_t length[2], size[2], sent;
    int sending;
};

static int ring;
static unsigned char *rings;
static struct io_uring_sqe *requests;
static struct io_uring_params params;
static unsigned tail;
static struct io_uring_buf_ring *buffers;
static char *bytes;
static unsigned used[BUFFERS];
static unsigned short given;

static unsigned *word(unsigned offset) {
    return (unsigned *)(rings + offset);
}

static int enter(unsigned complete) {
    unsigned waiting = tail - __atomic_load_n(word(params.sq_off.head), __ATOMIC_ACQUIRE);
    return syscall(SYS_io_uring_enter, ring, waiting, complete, IORING_ENTER_GETEVENTS, NULL, 0);
}

static struct io_uring_sqe *request(int opcode, int fd, void *data, int kind) {
    if (tail - __atomic_load_n(word(params.sq_off.head), __ATOMIC_ACQUIRE) == params.sq_entries) {
        if (syscall(SYS_io_uring_enter, ring, params.sq_entries, 0, 0, NULL, 0) < 0) die("enter");
    }
    struct io_uring_sqe *r = &requests[tail & (params.sq_entries - 1)];
    memset(r, 0, sizeof *r);
    r->opcode = opcode;
    r->fd = fd;
    r->user_data = (uint64_t)(uintptr_t)data | kind;
    tail++;
    __atomic_store_n(word(params.sq_off.tail), tail, __ATOMIC_RELEASE);
    return r;
}

static void give(unsigned buffer) {
    struct io_uring_buf *entry = &buffers->bufs[given & (BUFFERS - 1)];
    entry->addr = (uint64_t)(uintptr_t)(bytes + (size_t)buffer * BUFFER);
    entry->len = BUFFER;
    entry->bid = buffer;
    used[buffer] = 0;
    __atomic_store_n(&buffers->tail, ++given, __ATOMIC_RELEASE);
}

static void *mapped(size_t size, int flags, int fd, off_t offset) {
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, offset);
    if (at == MAP_FAILED) die("mmap");
    return at;
}

static void unsupported(const char *what) {
    printf("unavailable %s: %s\n", what, strerror(errno));
    exit(0);
}

static void open_ring(void) {
    params.flags = IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER
                   | IORING_SETUP_DEFER_TASKRUN | SETUP_NO_SQARRAY;
    params.cq_entries = ANSWERS;
    ring = syscall(SYS_io_uring_setup, REQUESTS, &params);
    if (ring < 0) unsupported("io_uring_setup");
    size_t size = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
    rings = mapped(size, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQ_RING);
    requests = mapped(params.sq_entries * sizeof *requests, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQES);
    buffers = mapped(4096, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bytes = mapped((size_t)BUFFERS * BUFFER, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct io_uring_buf_reg given_as = {.ring_addr = (uint64_t)(uintptr_t)buffers, .ring_entries = BUFFERS};
    unsigned short flags = RING_INCREMENTAL;
    memcpy((char *)&given_as + 14, &flags, sizeof flags); /* after the group */
    if (syscall(SYS_io_uring_register, ring, 22, &given_as, 1) < 0) unsupported("io_uring_register");
    for (unsigned i = 0; i < BUFFERS; i++) give(i);
}

static void accept_many(int listener) {
    struct io_uring_sqe *r = request(IORING_OP_ACCEPT, listener, NULL, ACCEPT);
    r->ioprio = IORING_ACCEPT_MULTISHOT;
    r->accept_flags = SOCK_CLOEXEC;
}

static void watch_control(void) {
    struct io_uring_sqe *r = request(IORING_OP_POLL_ADD, 0, NULL, CONTROL);
    r->poll32_events = 1; /* POLLIN */
}

static void receive(struct connection *c) {
    struct io_uring_sqe *r = request(IORING_OP_RECV, c->fd, c, RECEIVE);
    r->ioprio = IORING_RECV_MULTISHOT;
    r->flags = IOSQE_BUFFER_SELECT;
    c->under_way++;
}

static void send_next(struct connection *c) {
    if (c->sending || c->closed) return;
    if (c->sent == c->length[0]) {
        char *out = c->out[0];
        size_t size = c->size[0];
        c->out[0] = c->out[1], c->size[0] = c->size[1], c->length[0] = c->length[1];
        c->out[1] = out, c->size[1] = size, c->length[1] = 0;
        c->sent = 0;
        if (c->length[0] == 0) return;
    }
    struct io_uring_sqe *r = request(IORING_OP_SEND, c->fd, c, SEND);
    r->addr = (uint64_t)(uintptr_t)(c->out[0] + c->sent);
    r->len = c->length[0] - c->sent;
    r->msg_flags = MSG_NOSIGNAL;
    c->sending = 1;
    c->under_way++;
}

static void append(struct connection *c, const char *from, size_t length) {
    if (c->length[1] + length > c->size[1]) {
        c->size[1] = 2 * (c->length[1] + length);
        c->out[1] = realloc(c->out[1], c->size[1]);
        if (c->out[1] == NULL) die("realloc");
    }
    memcpy(c->out[1] + c->length[1], from, length);
    c->length[1] += length;
}

static void received(struct connection *c, int result, unsigned flags) {
    int goes_on = (flags & IORING_CQE_F_MORE) != 0;
    if (!goes_on) c->under_way--;
    if (flags & IORING_CQE_F_BUFFER) {
        unsigned buffer = flags >> IORING_CQE_BUFFER_SHIFT;
        if (result > 0) {
            append(c, bytes + (size_t)buffer * BUFFER + used[buffer], result);
            used[buffer] += result;
        }
        if (!(flags & CQE_BUF_MORE)) give(buffer);
    }
    if (result > 0) send_next(c);
    else if (result != -ENOBUFS) c->closed = 1;
    if (!goes_on && !c->closed) receive(c);
}

static void sent(struct connection *c, int result) {
    c->under_way--;
    c->sending = 0;
    if (result < 0) {
        if (!c->closed) shutdown(c->fd, SHUT_RDWR); /* which ends the receiving */
        c->closed = 1;
        return;
    }
    c->sent += result;
    send_next(c);
}

static void end_if_over(struct connection *c) {
    if (!c->closed || c->under_way > 0) return;
    close(c->fd);
    free(c->out[0]);
    free(c->out[1]);
    free(c);
}

static void accepted(int fd) {
    no_delay(fd);
    struct connection *c = calloc(1, sizeof *c);
    if (c == NULL) die("malloc");
    c->fd = fd;
    receive(c);
}

int main(void) {
    raise_descriptors();
    unblock(0);
    open_ring();
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) < 0 || listen(listener, 4096) < 0
        || getsockname(listener, (struct sockaddr *)&address, &length) < 0)
        die("listen");
    accept_many(listener);
    watch_control();
    printf("listening %d\n", ntohs(address.sin_port));
    fflush(stdout);

    struct io_uring_cqe *answers = (struct io_uring_cqe *)(rings + params.cq_off.cqes);
    unsigned head = *word(params.cq_off.head);
    for (;;) {
        if (enter(1) < 0 && errno != EINTR && errno != EAGAIN && errno != EBUSY) die("enter");
        unsigned end = __atomic_load_n(word(params.cq_off.tail), __ATOMIC_ACQUIRE);
        for (; head != end; head++) {
            struct io_uring_cqe a = answers[head & (params.cq_entries - 1)];
            struct connection *c = (struct connection *)(uintptr_t)(a.user_data & ~7ULL);
            switch (a.user_data & 7) {
            case ACCEPT:
                if (a.res >= 0) accepted(a.res);
                if (!(a.flags & IORING_CQE_F_MORE)) accept_many(listener);
                break;
            case CONTROL:
                for (int lines = control_lines(); lines > 0; lines--) puts("mark");
                fflush(stdout);
                watch_control();
                break;
            case RECEIVE:
                received(c, a.res, a.flags);
                end_if_over(c);
                break;
            case SEND:
                sent(c, a.res);
                end_if_over(c);
                break;
            }
        }
        __atomic_store_n(word(params.cq_off.head), head, __ATOMIC_RELEASE);
    }
}
