"""Whether ours and the original agree on a case: same, explained or different."""

SAME, EXPLAINED, DIFFERENT = "same", "explained", "different"


class Verdict:
    def __init__(self, kind, text=""):
        self.kind, self.text = kind, text


def verdict(case, original, ours):
    found = difference(original, ours)
    if found and case.differs:
        return Verdict(EXPLAINED, case.differs)
    if case.differs:
        return Verdict(DIFFERENT, f"does not differ any more: take out `differs: {case.differs}`")
    return Verdict(DIFFERENT, found) if found else Verdict(SAME)


def difference(original, ours):
    """The first difference in words; empty: none."""
    if "refused" in original or "refused" in ours:
        if ("refused" in original) == ("refused" in ours):
            return ""
        return "the original refuses it" if "refused" in original else f"we refuse it: {ours['refused']}"
    if original.get("answers", []) != ours["answers"]:
        return f"the original answers {original.get('answers', 'accepted')}, we {ours['answers'] or 'accepted'}"
    return first_difference(original.get("output", {}), ours["output"], "")


def first_difference(original, ours, where):
    if isinstance(original, dict) and isinstance(ours, dict):
        for key in sorted(set(original) | set(ours)):
            if key not in ours:
                return f"{where}.{key}: only the original has {shown(original[key])}"
            if key not in original:
                return f"{where}.{key}: only we have {shown(ours[key])}"
            found = first_difference(original[key], ours[key], f"{where}.{key}")
            if found:
                return found
        return ""
    if isinstance(original, list) and isinstance(ours, list):
        for index, (theirs, mine) in enumerate(zip(original, ours)):
            found = first_difference(theirs, mine, f"{where}[{index}]")
            if found:
                return found
        if len(original) != len(ours):
            return f"{where}: {len(original)} entries of the original, {len(ours)} of ours"
        return ""
    if type(original) is type(ours) and original == ours:
        return ""
    return f"{where}: {shown(original)} of the original, {shown(ours)} of ours"


def shown(value):
    text = repr(value)
    return text if len(text) < 300 else text[:300] + " …"


def count_entries(output):
    """Records in an output, whatever their signal."""
    if isinstance(output, dict):
        records = ("log_records", "spans", "data_points")
        return sum(len(v) if k in records else count_entries(v) for k, v in output.items())
    return sum(count_entries(item) for item in output) if isinstance(output, list) else 0
