// Opens the front page in a browser, then asks the API for its health. Any step that throws fails the run.
const synthetics = require('@aws/synthetics-puppeteer');

const site = process.env.SITE_URL;

exports.handler = async () => {
  await synthetics.executeStep('front page', async () => {
    const page = await synthetics.getPage();
    const answer = await page.goto(site, { waitUntil: 'domcontentloaded', timeout: 20000 });
    if (!answer || answer.status() !== 200) {
      throw new Error(`${site}: answered ${answer ? answer.status() : 'nothing'}; expected 200`);
    }
    if (!(await page.title())) {
      throw new Error(`${site}: the page has no title, so it was not rendered`);
    }
  });

  await synthetics.executeStep('api', async () => {
    const url = site + process.env.API_HEALTH_PATH;
    const answer = await fetch(url, { signal: AbortSignal.timeout(10000) });
    if (answer.status !== 200) {
      throw new Error(`${url}: answered ${answer.status}; expected 200`);
    }
  });
};
