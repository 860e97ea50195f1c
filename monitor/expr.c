/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expressions of the monitor: precedence climbing over C's binary operators. */
#include "monitor/expr.h"

#include <string.h>

#include "base/optlist.h"

#define DEEPEST 64 /* brackets and signs within each other */

typedef struct {
    const char *at;
    const Vcpu *vcpu;
    unsigned depth;
    GError *error; /* the first one; nothing counts after it */
} Expr;

static void expr_fail(Expr *e, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void expr_fail(Expr *e, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (!e->error) {
        e->error = g_error_new_valist(OPT_ERROR, 0, format, args);
    }
    va_end(args);
}

static void expr_skip(Expr *e)
{
    e->at += strspn(e->at, " \t");
}

bool expr_register(const Vcpu *vcpu, const char *name, uint64_t *value)
{
    static const struct {
        const char *other, *name;
    } others[] = {
        {"pc", "rip"}, {"eip", "rip"}, {"sp", "rsp"}, {"esp", "rsp"}, {"flags", "eflags"}};
    uint8_t bytes[VCPU_REG_BYTES] = {0};
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        if (strcmp(name, others[i].other) == 0) {
            name = others[i].name;
        }
    }
    if (strcmp(name, "pc") == 0) { /* as the linear address, for x/i */
        uint64_t base = 0;
        expr_register(vcpu, "cs_base", &base);
        bool known = expr_register(vcpu, "rip", value);
        *value += base;
        return known;
    }
    const VcpuReg *reg = vcpu && vcpu->ops->reg_get ? vcpu_find_reg(vcpu, name) : NULL;
    if (!reg || reg->size > sizeof(*value)) {
        return false;
    }
    vcpu->ops->reg_get(vcpu, reg, bytes);
    memcpy(value, bytes, sizeof(*value)); /* little-endian, like hosts that run this */
    return true;
}

static uint64_t expr_named(Expr *e)
{
    size_t len = strspn(e->at, "abcdefghijklmnopqrstuvwxyz_0123456789.ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    g_autofree char *name = g_ascii_strdown(e->at, (gssize)len);
    uint64_t value = 0;
    e->at += len;
    if (!e->vcpu) {
        expr_fail(e, "there is no CPU");
    } else if (!expr_register(e->vcpu, name, &value)) {
        expr_fail(e, "there is no register '%s' of at most 64 bits; 'info registers' has them",
                  name);
    }
    return value;
}

static uint64_t expr_number(Expr *e)
{
    size_t len = strspn(e->at, "0123456789abcdefxABCDEFX");
    g_autofree char *text = g_strndup(e->at, len);
    uint64_t value = 0;
    if (!opt_parse_uint(text, &value)) {
        expr_fail(e, "'%s' is no number", len ? text : e->at);
    }
    e->at += len;
    return value;
}

static uint64_t expr_binary(Expr *e, unsigned least);

static uint64_t expr_unary(Expr *e)
{
    expr_skip(e);
    char c = *e->at;
    uint64_t value;
    if (e->depth >= DEEPEST || e->error) {
        expr_fail(e, "too deep");
        return 0;
    }
    if (!c || !strchr("(-+~$'", c)) {
        return expr_number(e);
    }
    e->at++;
    e->depth++;
    switch (c) {
    case '(':
        value = expr_binary(e, 0);
        expr_skip(e);
        if (*e->at != ')') {
            expr_fail(e, "')' expected");
        } else {
            e->at++;
        }
        break;
    case '$':
        value = expr_named(e);
        break;
    case '\'':
        value = (uint8_t)*e->at;
        if (!e->at[0] || e->at[1] != '\'') {
            expr_fail(e, "a character has a ' on each side");
        } else {
            e->at += 2;
        }
        break;
    default:
        value = expr_unary(e);
        value = c == '-' ? -value : c == '~' ? ~value : value;
    }
    e->depth--;
    return value;
}

static uint64_t expr_apply(Expr *e, char op, uint64_t a, uint64_t b)
{
    if ((op == '/' || op == '%') && b == 0) {
        expr_fail(e, "division by zero");
        return 0;
    }
    switch (op) {
    case '*':
        return a * b;
    case '/':
        return a / b;
    case '%':
        return a % b;
    case '+':
        return a + b;
    case '-':
        return a - b;
    case '<':
        return b < 64 ? a << b : 0;
    case '>':
        return b < 64 ? a >> b : 0;
    case '&':
        return a & b;
    case '^':
        return a ^ b;
    default:
        return a | b;
    }
}

/* How tight the operator here binds, and how long it is; 0: there is none. */
static unsigned expr_operator(const char *at, size_t *len)
{
    static const struct {
        const char *text;
        unsigned binds;
    } rows[] = {{"|", 1}, {"^", 2}, {"&", 3}, {"<<", 4}, {">>", 4},
                {"+", 5}, {"-", 5}, {"*", 6}, {"/", 6},  {"%", 6}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        *len = strlen(rows[i].text);
        if (strncmp(at, rows[i].text, *len) == 0) {
            return rows[i].binds;
        }
    }
    return 0;
}

static uint64_t expr_binary(Expr *e, unsigned least)
{
    uint64_t value = expr_unary(e);
    unsigned binds;
    size_t len;
    for (expr_skip(e); !e->error && (binds = expr_operator(e->at, &len)) > least; expr_skip(e)) {
        char op = *e->at;
        e->at += len;
        value = expr_apply(e, op, value, expr_binary(e, binds));
    }
    return value;
}

bool expr_parse(const char *text, const Vcpu *vcpu, uint64_t *value, GError **error)
{
    Expr e = {.at = text, .vcpu = vcpu};
    uint64_t result = expr_binary(&e, 0);
    if (!e.error && *e.at) {
        expr_fail(&e, "'%s' follows the number", e.at);
    }
    if (e.error) {
        g_propagate_error(error, e.error);
        return false;
    }
    *value = result;
    return true;
}
