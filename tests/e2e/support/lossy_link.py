"""Joins two network namespaces by a link whose packets this program may lose, delay, repeat or cut off.

    lossy_link.py NAMESPACE ADDRESS NAMESPACE ADDRESS

Makes a TUN device in each, with these addresses of one /24, and says "ready" when packets flow. Each line on standard
input is a JSON object of what happens from then on, to packets of both directions unless it says otherwise:

    {"loss": 0.1, "delay": [0.05, 0.2], "repeat": 0.01, "cut": ["first", "second"]}

loss and repeat are shares; delay is a range of seconds, and unequal delays reorder. cut names the sides whose packets
do not come through. What is missing does not happen. Ends with its standard input, and tells what became of packets.
"""

import fcntl
import heapq
import json
import os
import random
import select
import struct
import subprocess
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
PACKET_MAX = 65536


def open_side(namespace, address, name):
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
    for command in (
        ["ip", "link", "set", name, "netns", namespace],
        ["ip", "-n", namespace, "link", "set", "lo", "up"],
        ["ip", "-n", namespace, "address", "add", address + "/24", "dev", name],
        ["ip", "-n", namespace, "link", "set", name, "up"],
    ):
        subprocess.run(command, check=True)
    return device


class Link:
    def __init__(self, devices):
        self.devices = devices
        self.rules = {}
        self.waiting = []  # (due, number, device to write to, packet)
        self.number = 0
        self.counts = {"passed": 0, "lost": 0, "cut": 0, "repeated": 0}
        self.random = random.Random(1)

    def take(self, side):
        try:
            packet = os.read(self.devices[side], PACKET_MAX)
        except BlockingIOError:
            return
        if ("first", "second")[side] in self.rules.get("cut", []):
            self.counts["cut"] += 1
        elif self.random.random() < self.rules.get("loss", 0):
            self.counts["lost"] += 1
        else:
            repeated = self.random.random() < self.rules.get("repeat", 0)
            self.counts["repeated"] += repeated
            for _ in range(1 + repeated):
                self.put(self.devices[1 - side], packet)

    def put(self, device, packet):
        shortest, longest = self.rules.get("delay", (0, 0))
        due = time.monotonic() + self.random.uniform(shortest, longest)
        self.number += 1
        heapq.heappush(self.waiting, (due, self.number, device, packet))

    def pass_on(self):
        while self.waiting and self.waiting[0][0] <= time.monotonic():
            _, _, device, packet = heapq.heappop(self.waiting)
            try:
                os.write(device, packet)
                self.counts["passed"] += 1
            except OSError:
                self.counts["lost"] += 1

    def run(self):
        commands = b""
        while True:
            pause = max(0, self.waiting[0][0] - time.monotonic()) if self.waiting else None
            ready, _, _ = select.select([0, *self.devices], [], [], pause)
            for side, device in enumerate(self.devices):
                if device in ready:
                    self.take(side)
            self.pass_on()
            if 0 not in ready:
                continue
            read = os.read(0, 4096)
            if not read:
                return
            *lines, commands = (commands + read).split(b"\n")
            for line in lines:
                self.rules = json.loads(line)


def main():
    sides = zip(sys.argv[1::2], sys.argv[2::2])
    link = Link([open_side(namespace, address, f"lh{os.getpid()}{'ab'[i]}") for i, (namespace, address) in enumerate(sides)])
    print("ready", flush=True)
    link.run()
    print(json.dumps(link.counts), flush=True)


main()
