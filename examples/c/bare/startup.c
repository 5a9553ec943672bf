/* How a Cortex-M begins: the stack, and the function that is run. It goes on with the start of newlib. */
extern char stack_top[];
extern void _start(void);

static void stop(void) {
    for (;;) {}
}

static const struct {
    char *stack;
    void (*reset)(void), (*nmi)(void), (*fault)(void);
} vectors __attribute__((section(".vectors"), used)) = {stack_top, _start, stop, stop};
