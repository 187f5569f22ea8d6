"""A headless browser for the tests of the report, where the machine has one; and axe-core, where npm has put it."""

import shutil
from pathlib import Path

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = "headless=new no-sandbox disable-gpu disable-dev-shm-usage no-first-run hide-scrollbars".split()
PATIENCE = 120  # seconds, on a machine that does much else
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


class Browser:
    """Opens a file at a width; asks it questions in JavaScript."""

    def __init__(self):
        from selenium import webdriver

        found, driver = next(filter(None, map(shutil.which, BROWSERS)), None), shutil.which("chromedriver")
        if not found or not driver:
            pytest.skip("no Chromium with its chromedriver on this machine: the report is not looked at in a browser")
        options = webdriver.ChromeOptions()
        options.binary_location = found
        for flag in [*FLAGS, "disable-background-networking"]:
            options.add_argument(f"--{flag}")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=driver))
        self.driver.set_script_timeout(PATIENCE)
        self.tell = self.driver.execute_cdp_cmd

    def open(self, path: Path, width: int = 1280, dark: bool = False, scripts: bool = True) -> None:
        """Load a file afresh."""
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.tell("Emulation.setEmulatedMedia", {"media": "", "features": scheme})
        self.tell("Emulation.setScriptExecutionDisabled", {"value": not scripts})
        screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        self.tell("Emulation.setDeviceMetricsOverride", screen)
        self.driver.get("about:blank")
        self.driver.get(path.as_uri())

    def ask(self, script: str, *arguments):
        """What a JavaScript expression of the arguments `a`, `b` comes to."""
        return self.driver.execute_script(f"const [a, b] = arguments; return ({script})", *arguments)

    def wait(self, script: str) -> None:
        """Go on when a JavaScript expression has become true."""
        from selenium.webdriver.support.wait import WebDriverWait

        WebDriverWait(self.driver, PATIENCE).until(lambda _: self.ask(script))

    def violations(self) -> list:
        """What axe-core finds wrong with the page as it stands."""
        if not AXE.is_file():
            pytest.skip("no axe-core (npm ci --prefix tests): accessibility is not checked")
        self.driver.execute_script(AXE.read_text(encoding="utf-8"))
        found = self.driver.execute_async_script(
            "const done = arguments[1]; axe.run(document, {runOnly: arguments[0]}).then((r) => done(r.violations))",
            RULES,
        )
        return [(rule["id"], [node["html"] for node in rule["nodes"]][:3]) for rule in found]

    def messages(self) -> list[str]:
        """What stands in the console since the last question."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def pages(self, width: float, height: float) -> int:
        """On how many sheets of this size, in inches, it is printed."""
        import base64
        import re

        sheet = {"paperWidth": width, "paperHeight": height, "printBackground": True}
        pdf = base64.b64decode(self.tell("Page.printToPDF", sheet)["data"])
        return len(re.findall(rb"/Type\s*/Page\b", pdf))

    def close(self):
        self.driver.quit()
