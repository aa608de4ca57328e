/* The yardstick of `make bench`: the same paths as kmemlab/engine, written in C as flat arrays, nothing else asked of it.
 *
 * Buddy zone, SLUB of 2.6.24 (cpu slab, partial list, MIN_PARTIAL never reached without a flush), one owner for each object,
 * a counter for each container. It must come to the same addresses as the engine, event by event; the benchmark compares.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ORDER = 10, CACHES = 20, CPUS = 4, CONTAINERS = 8, NONE = -1, PER_PAGE = 128 };

struct page {           /* one for each page frame; of a slab only the first page's counts */
    int32_t head;       /* first page of the slab that the page belongs to */
    int32_t before, after, free_order;
    int32_t partial_before, partial_after;
    int32_t freelist, inuse;
    int16_t cache;
    int8_t frozen;
};

struct cache {
    int32_t size, order, objects;
    int32_t partial, last_partial;
    int32_t cpu_slab[CPUS], cpu_freelist[CPUS];
};

struct counter { int64_t usage, limit, failcnt; };

struct machine {
    int64_t nr_pages;
    struct page *page;
    int32_t *link;      /* object's next free one; PER_PAGE for each page */
    int8_t *owner;
    int32_t head[MAX_ORDER + 1];
    struct cache cache[CACHES];
    struct counter counter[CONTAINERS];
};

static void push(struct machine *m, int32_t pfn, int order)
{
    struct page *page = &m->page[pfn];
    page->free_order = order;
    page->before = NONE;
    page->after = m->head[order];
    if (page->after != NONE)
        m->page[page->after].before = pfn;
    m->head[order] = pfn;
}

static void unlink_block(struct machine *m, int32_t pfn, int order)
{
    struct page *page = &m->page[pfn];
    if (page->before != NONE)
        m->page[page->before].after = page->after;
    else
        m->head[order] = page->after;
    if (page->after != NONE)
        m->page[page->after].before = page->before;
    page->free_order = NONE;
}

static int32_t take_pages(struct machine *m, int order)
{
    for (int high = order; high <= MAX_ORDER; high++) {
        int32_t pfn = m->head[high];
        if (pfn == NONE)
            continue;
        unlink_block(m, pfn, high);
        while (high > order) {
            high--;
            push(m, pfn + (1 << high), high);
        }
        return pfn;
    }
    return NONE;
}

static void give_pages(struct machine *m, int32_t pfn, int order)
{
    while (order < MAX_ORDER) {
        int32_t buddy = pfn ^ (1 << order);
        if (buddy >= m->nr_pages || m->page[buddy].free_order != order)
            break;
        unlink_block(m, buddy, order);
        pfn &= buddy;
        order++;
    }
    push(m, pfn, order);
}

struct machine *boot(int64_t nr_pages)
{
    struct machine *m = calloc(1, sizeof *m);
    m->nr_pages = nr_pages;
    m->page = calloc(nr_pages, sizeof *m->page);
    m->link = calloc(nr_pages * PER_PAGE, sizeof *m->link);
    m->owner = malloc(nr_pages * PER_PAGE);
    memset(m->owner, NONE, nr_pages * PER_PAGE);
    for (int64_t n = 0; n < nr_pages; n++)
        m->page[n].head = m->page[n].free_order = NONE;
    for (int order = 0; order <= MAX_ORDER; order++)
        m->head[order] = NONE;
    return m;
}

void shut_down(struct machine *m)
{
    free(m->page);
    free(m->link);
    free(m->owner);
    free(m);
}

/* The free lists as the engine's zone has them when the trace begins: blocks in list order, last one first. */
void free_block(struct machine *m, int32_t pfn, int order) { push(m, pfn, order); }

void make_cache(struct machine *m, int n, int size, int order, int objects)
{
    struct cache *cache = &m->cache[n];
    cache->size = size;
    cache->order = order;
    cache->objects = objects;
    cache->partial = cache->last_partial = NONE;
    for (int cpu = 0; cpu < CPUS; cpu++)
        cache->cpu_slab[cpu] = cache->cpu_freelist[cpu] = NONE;
}

void set_limit(struct machine *m, int n, int64_t limit) { m->counter[n].limit = limit; }
int64_t usage(struct machine *m, int n) { return m->counter[n].usage; }
int64_t failcnt(struct machine *m, int n) { return m->counter[n].failcnt; }

static void remove_partial(struct machine *m, struct cache *cache, int32_t slab)
{
    struct page *page = &m->page[slab];
    if (page->partial_before != NONE)
        m->page[page->partial_before].partial_after = page->partial_after;
    else
        cache->partial = page->partial_after;
    if (page->partial_after != NONE)
        m->page[page->partial_after].partial_before = page->partial_before;
    else
        cache->last_partial = page->partial_before;
}

static void add_partial_tail(struct machine *m, struct cache *cache, int32_t slab)
{
    struct page *page = &m->page[slab];
    page->partial_after = NONE;
    page->partial_before = cache->last_partial;
    if (cache->last_partial != NONE)
        m->page[cache->last_partial].partial_after = slab;
    else
        cache->partial = slab;
    cache->last_partial = slab;
}

static int32_t new_slab(struct machine *m, int n)
{
    struct cache *cache = &m->cache[n];
    int32_t pfn = take_pages(m, cache->order);
    if (pfn == NONE)
        return NONE;
    for (int k = 0; k < 1 << cache->order; k++)
        m->page[pfn + k].head = pfn;
    struct page *page = &m->page[pfn];
    page->cache = n;
    page->inuse = page->freelist = 0;
    int32_t *link = m->link + (int64_t)pfn * PER_PAGE;
    for (int k = 0; k < cache->objects; k++)
        link[k] = k + 1 < cache->objects ? k + 1 : NONE;
    return pfn;
}

static int refill(struct machine *m, int n, int cpu)
{
    struct cache *cache = &m->cache[n];
    int32_t slab = cache->cpu_slab[cpu];
    if (slab == NONE || m->page[slab].freelist == NONE) {
        if (slab != NONE)
            m->page[slab].frozen = 0;
        slab = cache->partial;
        if (slab != NONE)
            remove_partial(m, cache, slab);
        else
            slab = new_slab(m, n);
        cache->cpu_slab[cpu] = slab;
        if (slab == NONE)
            return 0;
        m->page[slab].frozen = 1;
    }
    cache->cpu_freelist[cpu] = m->page[slab].freelist;
    m->page[slab].freelist = NONE;
    m->page[slab].inuse = cache->objects;
    return 1;
}

static int64_t alloc(struct machine *m, int n, int container, int cpu)
{
    struct cache *cache = &m->cache[n];
    struct counter *counter = &m->counter[container];
    if (cache->cpu_freelist[cpu] == NONE && !refill(m, n, cpu))
        return NONE;
    if (counter->usage + cache->size > counter->limit) {
        counter->failcnt++;
        return NONE;
    }
    counter->usage += cache->size;
    int32_t number = cache->cpu_freelist[cpu], slab = cache->cpu_slab[cpu];
    int64_t at = (int64_t)slab * PER_PAGE + number;
    cache->cpu_freelist[cpu] = m->link[at];
    m->owner[at] = container;
    return ((int64_t)slab << 12) + (int64_t)number * cache->size;
}

static void give_back(struct machine *m, int64_t address, int cpu)
{
    int32_t slab = m->page[address >> 12].head;
    struct page *page = &m->page[slab];
    struct cache *cache = &m->cache[page->cache];
    int32_t number = (address - ((int64_t)slab << 12)) / cache->size;
    int64_t at = (int64_t)slab * PER_PAGE + number;
    m->counter[m->owner[at]].usage -= cache->size;
    m->owner[at] = NONE;
    if (slab == cache->cpu_slab[cpu]) {
        m->link[at] = cache->cpu_freelist[cpu];
        cache->cpu_freelist[cpu] = number;
        return;
    }
    int was_full = page->freelist == NONE;
    m->link[at] = page->freelist;
    page->freelist = number;
    page->inuse--;
    if (page->frozen)
        return;
    if (page->inuse == 0) {
        if (!was_full)
            remove_partial(m, cache, slab);
        for (int k = 0; k < 1 << cache->order; k++)
            m->page[slab + k].head = NONE;
        give_pages(m, slab, cache->order);
    } else if (was_full)
        add_partial_tail(m, cache, slab);
}

void replay(struct machine *m, const int32_t *thing, const int32_t *task, const int32_t *slot, int64_t *address, int64_t events)
{
    for (int64_t n = 0; n < events; n++) {
        int container = task[n] % CONTAINERS, cpu = task[n] % CPUS;
        int64_t *at = &address[slot[n]];
        if (thing[n] >= 0)
            *at = alloc(m, thing[n], container, cpu);
        else {
            if (*at != NONE)
                give_back(m, *at, cpu);
            *at = NONE;
        }
    }
}
