import pickle

from ridelog.errors import ParseError, RidelogError, UnrecognisedError


def test_messages_name_the_file_the_place_and_what_to_do():
    error = ParseError("a number was expected.", path="ride.csv", place="line 12", advice="Export it again.")
    assert str(error) == "ride.csv: line 12: a number was expected. Export it again."
    assert isinstance(error, RidelogError)


def test_errors_survive_a_process_boundary():
    error = pickle.loads(pickle.dumps(UnrecognisedError("x.jpg", {"vesc-tool": "no header"})))
    assert error.reasons == {"vesc-tool": "no header"}
    assert "x.jpg" in str(error)
