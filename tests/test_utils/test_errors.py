from dpmesh_plugin.utils.errors import error_words


def test_a_key_error_loses_its_quotes():
    assert error_words(KeyError('no set "coco_99"')) == 'no set "coco_99"'
    assert error_words(KeyError(3)) == '3'
    assert error_words(ValueError('expected 30 joints')) == 'expected 30 joints'
    assert error_words(OSError(28, 'disk full')) == '[Errno 28] disk full'
