import io
import pickle
from collections import OrderedDict

import numpy as np
import pytest

from dpmesh_plugin.converters.restricted_pickle import (
    PLAIN,
    ForbiddenNameError,
    Inert,
    RestrictedUnpickler,
)


def load(data, **options):
    return RestrictedUnpickler(io.BytesIO(data), allowed=PLAIN, **options).load()


def test_plain_content_is_the_same():
    content = {'a': np.arange(6.0).reshape(2, 3), 'b': np.float32(2), 'c': OrderedDict(d={1, 2})}
    for protocol in (2, 5):
        back = load(pickle.dumps(content, protocol=protocol))
        assert np.array_equal(back['a'], content['a'])
        assert back['b'] == content['b']
        assert back['c'] == content['c']


def test_names_of_python_2():
    # A set as Python 2 writes it, protocol 2.
    data = b'\x80\x02c__builtin__\nset\nq\x00]q\x01K\x07a\x85q\x02Rq\x03.'
    assert load(data) == {7}


@pytest.mark.parametrize('name', ['os.system', 'builtins.eval', 'builtins.getattr', 'numpy.load'])
def test_other_names_are_refused(name):
    module, function = name.rsplit('.', 1)
    data = f'c{module}\n{function}\n(S"1"\ntR.'.encode()
    with pytest.raises(ForbiddenNameError, match=name):
        load(data)


def test_inert_containers_drop_what_they_hold():
    # An instance of kit.box.Box, filled by item and by append.
    data = b'\x80\x02ckit.box\nBox\n)\x81K\x01K\x02s(K\x03K\x04e.'
    box = load(data, inert=('kit',))
    assert isinstance(box, Inert)
    assert box.path == 'kit.box.Box'
    assert box.state == {}
    with pytest.raises(ForbiddenNameError, match=r'kit\.box\.Box'):
        load(data, inert=('kitchen',))
