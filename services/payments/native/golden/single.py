"""Draws of `rng.streams: single`, worked out a second time: python3 single.py > single.txt

One stream for all banks (xorshift64*, seed as it is), banks in id order, integers by modulo. Per bank: a count (Knuth's
product), then for each payment amount, receiver, deadline, priority.
"""
import math

MASK = (1 << 64) - 1


class Stream:
    def __init__(self, seed):
        self.x = seed or 1

    def next(self):
        x = self.x
        x ^= x >> 12
        x = (x ^ (x << 25)) & MASK
        x ^= x >> 27
        self.x = x
        return x * 0x2545F4914F6CDD1D & MASK

    def real(self):
        return (self.next() >> 11) / (1 << 53)

    def between(self, low, high):
        return low + self.next() % (high - low + 1)

    def normal(self):
        u1 = 1.0 - self.real()
        return math.sqrt(-2.0 * math.log(u1)) * math.cos(2.0 * math.pi * self.real())

    def poisson(self, rate):
        count, product, floor = 0, self.real(), math.exp(-rate)
        while product > floor:
            count += 1
            product *= self.real()
        return count


def rounded(value):
    return max(1, math.floor(value + 0.5))


def log_normal(stream, mean, deviation):
    variance = math.log(1 + (deviation / mean) ** 2)
    return rounded(math.exp(math.log(mean) - variance / 2 + math.sqrt(variance) * stream.normal()))


def weighted(stream, weights):
    at, sum_so_far = stream.real() * sum(weights), 0
    for place, weight in enumerate(weights):
        sum_so_far += weight
        if at < sum_so_far:
            return place
    return len(weights) - 1


TICKS = 12
stream = Stream(42)
# Per bank: rate, amount, weights of the other banks in id order, deadline range, priority.
BANKS = [
    (1.5, lambda: stream.between(100, 5000), [1, 1, 1], (3, 9), lambda: 5),
    (0.7, lambda: rounded(1000 + 300 * stream.normal()), [2, 0.5, 1], (1, 4), lambda: stream.between(0, 10)),
    (2.0, lambda: log_normal(stream, 800.5, 400), [0, 3, 1], (2, 20), lambda: [1, 6, 9][weighted(stream, [1, 0.5, 2])]),
    (1.0, lambda: rounded(-math.log(1 - stream.real()) / 0.001), [1, 1, 1], (5, 5), lambda: 0),
]
print("tick sender receiver amount deadline priority")
for tick in range(TICKS):
    for bank, (rate, amount, weights, (low, high), priority) in enumerate(BANKS):
        for _ in range(stream.poisson(rate)):
            value = amount()
            place = weighted(stream, weights)
            receiver = place if place < bank else place + 1
            deadline = max(min(tick + stream.between(low, high), TICKS), tick + 1)
            print(tick, bank, receiver, value, deadline, priority())
