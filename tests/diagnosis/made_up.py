"""Findings, checks and moments made up for tests of the reasoning."""

from ridelog.finding import Check, Evidence, Finding, Interval, Severity, Status


def made_finding(at=10.0, severity=Severity.CRITICAL, event=True, code="XX01"):
    return Finding(code, "x", severity, at, at, Interval(at - 0.1, at), 0, (1, 1), "It happened.", event=event)


def made_check(evidence, *findings):
    status = Status.FOUND if findings else Status.CLEAR
    return Check("XX01", "x", status, "", findings, evidence)


def moment(seconds):
    return Interval(seconds - 0.1, seconds)


def made_fault(code, name, severity, start_s, end_s, ident):
    onset = Interval(start_s, start_s)
    finding = Finding(code, name, severity, start_s, end_s, onset, 0, (0, 1), name, event=True)
    return Check(code, name, Status.FOUND, "", (finding,), {ident: Evidence.observed(at=onset)})
