"""The page of the web demo in a real browser. Skipped where Chromium or Gradio are missing."""

import json
import shutil
import socket
import subprocess
import sys
import time
from urllib.request import urlopen

import cv2
import numpy as np
import pytest

from dpmesh_plugin.apis import load_meshes
from dpmesh_plugin.structures import get_keypoint_set

SECONDS = 120
FLAGS = (
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--use-gl=angle',
    '--use-angle=swiftshader',
    '--enable-unsafe-swiftshader',
    '--window-size=1500,1100',
)
OWN = ('data:', 'blob:', 'chrome:', 'chrome-untrusted:')
LOCATE = "return document.querySelector('#editor .editor').locate(arguments[0], arguments[1])"


def wait_for(condition, what, seconds=SECONDS):
    """The first true value of ``condition``; what is not there yet may raise."""
    error, end = None, time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            value = condition()
            if value:
                return value
        except Exception as raised:
            error = raised
        time.sleep(0.2)
    raise TimeoutError(f'{what} did not come within {seconds} s; last error: {error!r}')


@pytest.fixture(scope='module')
def address(web_demo, web_demo_checkpoint, tmp_path_factory):
    """A running page."""
    pytest.importorskip('gradio', reason='needs projects/web_demo/requirements.txt')
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    config, checkpoint = web_demo_checkpoint
    command = [sys.executable, web_demo / 'launch.py', '--port', port, '--config', config]
    command += ['--checkpoint', checkpoint, '--device', 'cpu']
    log = tmp_path_factory.mktemp('page') / 'log.txt'
    with (
        log.open('w') as output,
        subprocess.Popen([str(word) for word in command], stdout=output, stderr=output) as server,
    ):
        url = f'http://127.0.0.1:{port}/'
        try:
            wait_for(lambda: server.poll() is not None or urlopen(url).status == 200, url)
            assert server.poll() is None, log.read_text()
            yield url
        finally:
            server.terminate()


@pytest.fixture
def browser(tmp_path):
    webdriver = pytest.importorskip('selenium.webdriver', reason='needs pip install selenium')
    programs = [shutil.which(name) for name in ('chromium', 'chromedriver')]
    if None in programs:
        pytest.skip("needs Debian's packages chromium and chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = programs[0]
    for flag in [*FLAGS, f'--user-data-dir={tmp_path / "profile"}']:
        options.add_argument(flag)
    downloads = {
        'download.default_directory': str(tmp_path / 'downloads'),
        'profile.default_content_setting_values.automatic_downloads': 1,  # several at a time
    }
    options.add_experimental_option('prefs', downloads)
    options.set_capability('goog:loggingPrefs', {'performance': 'ALL'})
    service = webdriver.ChromeService(programs[1])
    driver = webdriver.Chrome(options=options, service=service)
    yield driver
    driver.quit()


@pytest.fixture
def photo(tmp_path):
    """A photograph of noise with two people in a keypoint file."""
    noise = np.random.default_rng(0).integers(0, 255, (240, 320, 3), dtype=np.uint8)
    cv2.imwrite(str(tmp_path / 'photo.png'), noise)
    coco = get_keypoint_set('coco_17')
    people = [_standing(90), _standing(220)]
    content = {
        'images': [{'id': 1, 'file_name': 'photo.png', 'width': 320, 'height': 240}],
        'categories': [{'id': 1, 'keypoints': list(coco.names)}],
        'annotations': [
            {'id': i, 'image_id': 1, 'category_id': 1, 'keypoints': joints}
            for i, joints in enumerate(people, start=1)
        ],
    }
    (tmp_path / 'people.json').write_text(json.dumps(content))
    return tmp_path / 'photo.png', tmp_path / 'people.json'


def _standing(x):
    heights = [20, 18, 18, 19, 19, 32, 32, 48, 48, 62, 62, 65, 65, 85, 85, 105, 105]
    offsets = [0, 2, -2, 4, -4, 9, -9, 12, -12, 13, -13, 6, -6, 7, -7, 7, -7]
    rows = zip(offsets, heights, strict=True)
    return [value for dx, y in rows for value in (x + 2 * dx, 2 * y, 2)]


class Page:
    """What a visitor does."""

    def __init__(self, driver, url):
        self.driver = driver
        driver.get(url)
        wait_for(lambda: self.find('#editor .editor'), 'the page')

    def find(self, selector):
        return self.driver.find_element('css selector', selector)

    def drop(self, place, file):
        box = wait_for(lambda: self.find(f'{place} input[type=file]'), place)
        box.send_keys(str(file))

    def joint(self, person, name):
        """Where a joint is on the screen, and whether it is shown."""
        return self.driver.execute_script(LOCATE, person, name)

    def drag(self, start, end):
        from selenium.webdriver import ActionChains

        actions = ActionChains(self.driver)
        pointer = actions.w3c_actions.pointer_action
        pointer.move_to_location(*start).pointer_down()
        pointer.move_to_location(*end).pointer_up()
        actions.perform()

    def mesh(self):
        """Address of the mesh that the viewer shows."""
        return self.find('#viewer a[href*=glb]').get_attribute('href')

    def mesh_other_than(self, before):
        return wait_for(lambda: self.mesh() != before and self.mesh(), 'another mesh')

    def painted(self):
        """The viewer's pixels, and where they show a body."""
        data = np.frombuffer(self.find('#viewer canvas').screenshot_as_png, np.uint8)
        pixels = cv2.imdecode(data, cv2.IMREAD_COLOR).astype(int)
        return pixels, np.ptp(pixels, axis=2) > 40


def _complete(folder):
    """Names of the files that have been downloaded; Chromium marks those it is at."""
    return {path.name for path in folder.iterdir() if path.suffix != '.crdownload'}


def test_a_visit(address, browser, photo, tmp_path):
    page = Page(browser, address)
    page.drop('#keypoints', photo[1])
    wait_for(lambda: 'people.json' in page.find('#keypoints').text.replace('\n', ''), 'the file')
    page.drop('#photo', photo[0])
    wait_for(lambda: '2 people in' in page.find('#message').text, 'the meshes')
    first = wait_for(page.mesh, 'the viewer')
    wait_for(lambda: page.painted()[1].mean() > 0.02, 'the picture of the meshes')

    # Hide a joint, then move another.
    x, y, shown = page.joint(0, 'left_knee')
    assert shown
    page.drag((round(x), round(y)), (round(x), round(y)))
    assert page.joint(0, 'left_knee')[2] is False
    second = page.mesh_other_than(first)
    x, y, _ = page.joint(0, 'left_wrist')
    page.drag((round(x), round(y)), (round(x) + 30, round(y) - 20))
    moved = page.joint(0, 'left_wrist')
    np.testing.assert_allclose(moved[:2], [round(x) + 30, round(y) - 20], atol=1.5)
    page.mesh_other_than(second)

    # Turn the mesh.
    wait_for(lambda: page.painted()[1].mean() > 0.02, 'the picture of the meshes')
    before, _ = page.painted()
    frame = page.find('#viewer canvas').rect
    scrolled = browser.execute_script('return window.scrollY')
    middle = round(frame['x'] + frame['width'] / 2), round(frame['y'] - scrolled + 200)
    page.drag(middle, (middle[0] + 150, middle[1]))
    wait_for(lambda: np.abs(page.painted()[0] - before).mean() > 2, 'the turned mesh')

    # Download.
    browser.execute_script("document.querySelector('#write').click()")
    links = wait_for(lambda: browser.find_elements('css selector', '#files a[download]'), 'files')
    folder, names = tmp_path / 'downloads', {'photo.npz', 'photo_overlay.png', 'photo.glb'}
    for count, link in enumerate(links, start=1):
        browser.execute_script('arguments[0].click()', link)
        wait_for(lambda count=count: len(_complete(folder)) == count, f'download {count}', 30)
    assert _complete(folder) == names
    meshes = load_meshes(folder / 'photo.npz')
    joints = meshes.joint_names.tolist()
    visible = meshes.keypoints_visible[:, joints.index('left_knee')]
    assert visible.tolist() == [False, True]
    wrist = meshes.keypoints[0, joints.index('left_wrist')]
    scale = 320 / page.find('#editor canvas').rect['width']
    np.testing.assert_allclose(wrist, np.array([116, 124]) + scale * np.array([30, -20]), atol=2)

    requests = [json.loads(entry['message'])['message'] for entry in browser.get_log('performance')]
    urls = {
        request['params']['request']['url']
        for request in requests
        if request['method'] == 'Network.requestWillBeSent'
    }
    assert [url for url in urls if not url.startswith((address, *OWN))] == []


def test_a_person_is_added_and_a_bad_file_is_named(address, browser, photo, tmp_path):
    page = Page(browser, address)
    page.drop('#photo', photo[0])
    wait_for(lambda: 'Nobody is known' in page.find('#message').text, 'the message')
    browser.execute_script("document.querySelector('#editor .add').click()")
    wait_for(lambda: '1 person in' in page.find('#message').text, 'the mesh')
    bad = tmp_path / 'bad.json'
    bad.write_text('[1, 2]')
    page.drop('#keypoints', bad)
    wait_for(lambda: 'no keypoints of a known format' in page.find('#message').text, 'reason')
    broken = tmp_path / 'broken.png'
    broken.write_bytes(photo[0].read_bytes()[:200])
    browser.get(address)
    page.drop('#photo', broken)
    wait_for(lambda: 'This cannot be opened' in page.find('#message').text, 'another reason')
