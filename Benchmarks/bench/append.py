"""How long a sync takes here: appends to a file, one each 20 ms, and prints the ns of each write with its fdatasync.

append.py FILE COUNT
"""

import os
import sys
import time


def main(path, count):
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    change = b"." * 6_000
    for _ in range(count):
        began = time.monotonic_ns()
        os.write(file, change)
        os.fdatasync(file)
        print(time.monotonic_ns() - began)
        time.sleep(0.02)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
