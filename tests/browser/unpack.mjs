// Unpacks Chromium, and the system libraries it may lack, below TMPDIR; prints where it stands.
// The package unpacks the libraries only where it believes to be on a bare cloud machine.
process.env.AWS_EXECUTION_ENV = "AWS_Lambda_nodejs24.x";
const { default: chromium } = await import("@sparticuz/chromium");
console.log(await chromium.executablePath());
