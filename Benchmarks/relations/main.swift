// Measures duplicates and relations: precision and recall on made pairs and on a corpus, speed and memory. See README.md.
import Glibc

let arguments = Array(CommandLine.arguments.dropFirst())
func number(_ place: Int, _ standard: Int) -> Int {
    arguments.indices.contains(place) ? Int(arguments[place]) ?? standard : standard
}

switch arguments.first {
case "pairs": exit(try pairs(number(1, 500), seed: UInt64(number(2, 1))) ? 0 : 1)
case "corpus" where arguments.count > 1: try corpus(arguments[1], shownCount: number(2, 0))
case "speed": speed(number(1, 20_000), seed: UInt64(number(2, 1)))
case "index": index(number(1, 1_000_000), shortPercent: number(2, 0), seed: UInt64(number(3, 1)))
default:
    print(
        "usage: RelationsBenchmark pairs [COUNT [SEED]] | corpus FILE [SHOWN] | speed [COUNT] | index [COUNT [SHORT-PERCENT]]"
    )
    exit(64)
}
