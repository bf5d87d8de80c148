"""However many files and old generations there are: nothing is lost, and memory and descriptors are bounded."""

import many_files


def test_thousands_of_compressed_generations_are_read_once_with_little_memory():
    seen = many_files.compressed_generations(pods=4, kept=500, lines=400)
    assert (seen["lost"], seen["twice"]) == (0, 0)
    assert seen["peak"] <= 30


def test_ten_thousand_files_are_followed_with_few_open():
    seen = many_files.small_files(open_files=100, idle_seconds=1)
    assert (seen["lost"], seen["twice"]) == (0, 0)
    assert seen["open"] <= 100
    assert seen["peak"] <= 64


def test_few_descriptors_cost_no_line():
    seen = many_files.small_files(files=2_000, appended=500, descriptors=64, idle_seconds=0)
    assert (seen["lost"], seen["twice"]) == (0, 0)
