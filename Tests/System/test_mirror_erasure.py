"""What is erased at the source is erased in its mirror: text and traces are in no file of it, the log stays sound."""

import os
import signal
import time

from sijill_system import main, wait_until
from test_erasure import begin, of_secret, traces
from test_mirror import ReadOnly, check, finish, mirror, state, tip


def run(options, checks):
    source = begin(options, "source")
    copy = ReadOnly(os.path.join(options.folder, "server"), os.path.join(options.folder, "copy"))
    code, _, error = finish(mirror(source, copy.data, "--once"))
    checks.equal((code, error), (0, ""), "the mirror is made")
    checks.that(traces(copy), "before, the words are in the mirror")

    # A server of another copy is there all the while, and sees the erasure go by.
    witness = ReadOnly(os.path.join(options.folder, "witness-server"), os.path.join(options.folder, "witness"))
    following = mirror(source, witness.data)
    wait_until(lambda: state(witness.data).get("sequence") == int(tip(source)[:16]))
    witness.start("--read-only")
    article, _ = of_secret(source)
    erased = source.sijilld("withdraw", article, "--erase", "--reason", "court order 7")
    checks.equal(erased.returncode, 0, f"withdraw: {erased.stderr[-300:]!r}")
    for omission in ("", "&text=omit", "&content=omit"):
        same = wait_until(lambda: witness.replay(omission) == source.replay(omission), patience=30)
        checks.that(same, f"who served the copy all the while serves what the source serves{omission}")
    before = source.replay("&text=omit")
    checks.equal(witness.stop(), 0, "SIGTERM ends it with 0")
    following.send_signal(signal.SIGTERM)
    checks.equal(finish(following)[0], 0, "and its mirror")
    # Killed somewhere while it follows; in the end nothing is left.
    for _ in range(options.random.randrange(1, 4)):
        process = mirror(source, copy.data)
        time.sleep(options.random.uniform(0.0, 0.4))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.communicate()
    code, _, error = finish(mirror(source, copy.data, "--once"))
    checks.equal((code, error), (0, ""), "the mirror follows the erasure")
    checks.equal(state(copy.data)["sequence"], int(tip(source)[:16]), "it is at the tip")
    checks.equal(traces(copy), [], "the words are in no file of the mirror")
    checks.equal(check(copy.data), (0, []), "sijilld check finds the mirror sound")

    copy.start("--read-only")
    checks.equal(copy.get(f"/v1/articles/{article}")[0], 410, "the mirror says that the article is gone")
    checks.that(wait_until(lambda: copy.replay() == source.replay(), patience=10), "both serve the same bytes")
    checks.equal(copy.stop(), 0, "SIGTERM ends the mirror's server with 0")
    source.stop()
    source.start()
    checks.that(source.replay("&text=omit") == before, "a restart changes nothing of what is served")
    checks.equal(source.stop(), 0, "SIGTERM ends the source with 0")


if __name__ == "__main__":
    main(run)
